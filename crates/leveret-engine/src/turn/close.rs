//! Channels and connections end.

use alloc::vec::Vec;

use leveret_protocol::ChannelNumber;

use super::Turn;
use crate::{
    channel::{ChannelKey, Mode},
    effects::Effect,
    identity::ConnectionId,
    timers::Timer,
};

impl Turn<'_> {
    pub(super) fn close_channel(&mut self, at: ChannelKey) {
        self.forget_channel(at);
        let ChannelKey { connection, channel } = at;
        self.host.outbox.send(at, Effect::ChannelClosed { connection, channel }, self.effects);
    }

    pub(super) fn disconnect(&mut self, connection: ConnectionId) {
        self.forget_connection(connection);
        self.effects.push(Effect::ConnectionClosed { connection });
    }

    /// The channel's consumers end, what they had goes back to its queues, and a transaction
    /// that was not committed never was.
    pub(super) fn forget_channel(&mut self, at: ChannelKey) {
        let Some(connection) = self.host.connections.get_mut(&at.connection) else { return };
        let Some(mut channel) = connection.channels.remove(&at.channel) else { return };
        if let Some(due) = channel.watched_at {
            self.host.timers.cancel(due, Timer::Unsettled(at));
        }
        self.host.outbox.give_up_slots(at, self.host.durable, self.effects);
        let mut deliveries = channel.unacked.take_all();
        if let Mode::Transaction(transaction) = channel.mode {
            let settlements = transaction.settlements.into_iter();
            deliveries.extend(settlements.map(|settled| (settled.tag, settled.delivery)));
        }
        if let Some(replies) = channel.replies {
            self.host.replies.remove(&replies.name);
        }
        for consumer in channel.consumers.into_values() {
            self.end_consumer(consumer);
        }
        self.give_back(deliveries);
    }

    /// All channels end, then the connection's exclusive queues.
    pub(super) fn forget_connection(&mut self, id: ConnectionId) {
        self.host.outbox.forget(id);
        self.replies.retain(|(at, _)| at.connection != id);
        let Some(connection) = self.host.connections.get(&id) else { return };
        let channels: Vec<ChannelNumber> = connection.channels.keys().copied().collect();
        for channel in channels {
            self.forget_channel(ChannelKey { connection: id, channel });
        }
        let Some(connection) = self.host.connections.remove(&id) else { return };
        for queue in connection.queues {
            self.remove_queue(queue);
        }
    }
}
