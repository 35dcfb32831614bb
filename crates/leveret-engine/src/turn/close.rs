//! Channels and connections end.

use alloc::vec::{IntoIter, Vec};

use leveret_protocol::ChannelNumber;

use super::Turn;
use crate::{
    channel::{ChannelKey, Deliveries, Mode},
    effects::Effect,
    identity::{ConnectionId, ConsumerId},
    timers::Timer,
    work::{Farewell, Task},
};

impl Turn<'_> {
    pub(super) fn close_channel(&mut self, at: ChannelKey) {
        self.forget_channel(at);
        let ChannelKey { connection, channel } = at;
        self.host.outbox.send(at, Effect::ChannelClosed { connection, channel }, self.effects);
    }

    pub(super) fn disconnect(&mut self, connection: ConnectionId) {
        self.forget_connection(connection, Farewell::Told);
    }

    /// The channel's consumers end, what they had goes back to its queues, and a transaction
    /// that was not committed never was.
    pub(super) fn forget_channel(&mut self, at: ChannelKey) {
        let Some((consumers, deliveries)) = self.detach_channel(at) else { return };
        for consumer in consumers {
            self.end_consumer(consumer);
        }
        self.give_back(deliveries);
    }

    /// The channel is gone; gives back its consumers, which are not, and what was delivered on it.
    fn detach_channel(&mut self, at: ChannelKey) -> Option<(Vec<ConsumerId>, Deliveries)> {
        let connection = self.host.connections.get_mut(&at.connection)?;
        let mut channel = connection.channels.remove(&at.channel)?;
        self.host.closed = self.host.closed.plus(channel.total(0));
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
        Some((channel.consumers.into_values().collect(), deliveries))
    }

    /// All channels end, then the connection's consumers and its exclusive queues; many take
    /// several turns. A consumer without a channel gets nothing.
    pub(super) fn forget_connection(&mut self, id: ConnectionId, farewell: Farewell) {
        self.host.outbox.forget(id);
        self.replies.retain(|(at, _)| at.connection != id);
        let mut ending = Vec::new();
        if let Some(connection) = self.host.connections.get_mut(&id) {
            connection.is_leaving = true;
            let channels: Vec<ChannelNumber> = connection.channels.keys().copied().collect();
            for channel in channels {
                let detached = self.detach_channel(ChannelKey { connection: id, channel });
                let Some((consumers, deliveries)) = detached else { continue };
                ending.extend(consumers);
                self.give_back(deliveries);
            }
        }
        self.go_on_leaving(id, ending.into_iter(), farewell);
    }

    pub(super) fn go_on_leaving(
        &mut self,
        connection: ConnectionId,
        mut consumers: IntoIter<ConsumerId>,
        farewell: Farewell,
    ) {
        while self.steps_left > 0 {
            self.steps_left -= 1;
            if let Some(consumer) = consumers.next() {
                self.end_consumer(consumer);
                continue;
            }
            let leaving = self.host.connections.get_mut(&connection);
            if let Some(queue) = leaving.and_then(|leaving| leaving.queues.pop_first()) {
                self.remove_queue(queue);
                continue;
            }
            self.host.connections.remove(&connection);
            return match farewell {
                Farewell::Told => self.effects.push(Effect::ConnectionClosed { connection }),
                Farewell::Silent => {}
            };
        }
        self.host.work.add(Task::Leave { connection, consumers, farewell });
    }
}
