//! A delivery that stays unsettled for too long closes its channel.
//!
//! RabbitMQ: only the oldest of a channel is looked at. So a channel has one timer, which is set
//! for a delivery and moves on to the oldest when it is due, not at each delivery.

use core::time::Duration;

use super::Turn;
use crate::{
    channel::{ChannelKey, Delivery},
    error::SettleError,
    identity::QueueId,
    timers::Timer,
};

/// Nothing that the client sent is to blame.
const NO_METHOD: (u16, u16) = (0, 0);

impl Turn<'_> {
    /// Something was delivered that may stay unsettled for so long.
    pub(super) fn watch_unsettled(&mut self, at: ChannelKey, timeout: Option<Duration>) {
        let Some(due) = timeout.map(|timeout| self.now.saturating_add(timeout)) else { return };
        let host = &mut *self.host;
        if let Some(channel) = host.channel_mut(at)
            && channel.watched_at.is_none()
        {
            channel.watched_at = Some(due);
            host.timers.set(due, Timer::Unsettled(at));
        }
    }

    /// The channel's oldest delivery may be too old.
    pub(super) fn check_unsettled(&mut self, at: ChannelKey) {
        let Some(channel) = self.host.channel_mut(at) else { return };
        channel.watched_at = None;
        let Some(oldest) = self.host.channel(at).and_then(|channel| channel.unacked.oldest())
        else {
            return;
        };
        let Some(timeout) = self.timeout_of(oldest) else { return };
        let due = oldest.sent_at.saturating_add(timeout);
        if due <= self.now {
            let error = SettleError::TimedOut { channel: at.channel, timeout };
            return self.refuse(at, &error.into(), NO_METHOD);
        }
        if let Some(channel) = self.host.channel_mut(at) {
            channel.watched_at = Some(due);
            self.host.timers.set(due, Timer::Unsettled(at));
        }
    }

    /// How long what is delivered from the queue may stay unsettled, if its consumer does not say.
    pub(super) fn timeout_of_queue(&self, id: QueueId) -> Option<Duration> {
        let of_queue = self.host.queues.get(id).and_then(|queue| queue.settings.consumer_timeout);
        of_queue.or(self.host.options.limits.consumer_timeout)
    }

    fn timeout_of(&self, delivery: &Delivery) -> Option<Duration> {
        let consumer = delivery.consumer.and_then(|id| self.host.consumers.get(&id));
        match consumer {
            Some(consumer) => consumer.timeout,
            None => self.timeout_of_queue(delivery.queue),
        }
    }
}
