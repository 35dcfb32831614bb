//! Messages go to consumers, as far as prefetch and credit reach.
//!
//! A message that is to survive is sent once it is on disk: what a consumer does about it
//! cannot be undone, so a crash must not undo the message.

use alloc::sync::Arc;

use super::{Turn, bounds::Progress};
use crate::{
    channel::{ChannelKey, Delivery, Stall},
    content::Content,
    effects::Effect,
    identity::{ConnectionId, ConsumerId, QueueId},
    outbox::Until,
    queue::{Entry, Load, Queue},
    work::Task,
};

/// How a consumer takes a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taking {
    /// It will settle it.
    Unsettled,
    /// With that it is settled.
    ForGood,
}

impl Taking {
    fn count(self, queue: &mut Queue, entry: &Entry) {
        match self {
            Self::Unsettled => {
                queue.counts.deliver += 1;
                queue.unacked.add(Load::of(&entry.message.letter));
            }
            Self::ForGood => queue.counts.deliver_no_ack += 1,
        }
        queue.counts.redeliver += u64::from(entry.redelivered);
    }
}

impl Turn<'_> {
    /// Tends all queues that may have something to deliver or to give up now.
    pub(super) fn deliver_stirred(&mut self) {
        while let Some(queue) = self.stirred.pop_front() {
            self.tend(queue);
        }
    }

    /// Delivers what can be delivered; what is over the queue's bounds then goes.
    fn tend(&mut self, id: QueueId) {
        let is_served =
            self.serve_getters(id) == Progress::Done && self.deliver_from(id) == Progress::Done;
        let is_at_rest = |queue: &Queue| queue.is_at_rest(self.now);
        if is_served && self.host.queues.get(id).is_none_or(is_at_rest) {
            return;
        }
        let is_done = is_served
            && self.trim(id) == Progress::Done
            && self.expire(id) == Progress::Done
            && self.page_out(id) == Progress::Done;
        self.refill(id);
        if !is_done {
            self.tend_later(id);
        }
    }

    pub(super) fn tend_later(&mut self, id: QueueId) {
        if let Some(queue) = self.host.queues.get_mut(id)
            && !queue.is_work
        {
            queue.is_work = true;
            self.host.work.add(Task::Tend(id));
        }
    }

    /// The connection's writer can take more.
    pub(super) fn credit(&mut self, connection: ConnectionId, bytes: u64) {
        let Some(connection) = self.host.connections.get_mut(&connection) else { return };
        for consumer in connection.credit.grant(bytes) {
            self.come_back(consumer, Stall::Credit);
        }
    }

    /// A consumer that stood aside for that reason can take more, perhaps.
    pub(super) fn come_back(&mut self, id: ConsumerId, after: Stall) {
        let Some(consumer) = self.host.consumers.get_mut(&id) else { return };
        if consumer.stall != Some(after) {
            return;
        }
        consumer.stall = None;
        if let Some(queue) = self.host.queues.get_mut(consumer.queue) {
            queue.consumers.come_back(id);
            self.stirred.push_back(consumer.queue);
        }
    }

    fn deliver_from(&mut self, id: QueueId) -> Progress {
        loop {
            let Some(queue) = self.host.queues.get_mut(id) else { return Progress::Done };
            let (true, Some(consumer)) = (queue.can_deliver(), queue.consumers.front()) else {
                return Progress::Done;
            };
            let is_past = |entry: &Entry| entry.expiry.is_past(self.now);
            let is_front_past = queue.ready.front().is_some_and(is_past);
            if self.steps_left == 0 {
                return Progress::OutOfSteps;
            }
            if is_front_past {
                if self.expire_past(id) == Progress::OutOfSteps {
                    return Progress::OutOfSteps;
                }
                continue;
            }
            let Some(taking) = self.taking(id, consumer) else { continue };
            let Some(entry) = self.take_next(id) else { return Progress::Done };
            if let Some(queue) = self.host.queues.get_mut(id) {
                queue.consumers.rotate();
                taking.count(queue, &entry);
            }
            self.steps_left = self.steps_left.saturating_sub(1);
            self.deliver(id, consumer, entry);
        }
    }

    /// How the consumer takes one more, if it can; if not, it stands aside.
    fn taking(&mut self, queue: QueueId, id: ConsumerId) -> Option<Taking> {
        let host = &mut *self.host;
        let consumer = host.consumers.get_mut(&id)?;
        let connection = host.connections.get_mut(&consumer.at.connection)?;
        let Some(channel) = connection.channels.get_mut(&consumer.at.channel) else {
            // Its connection is leaving, which takes several turns.
            self.end_consumer(id);
            return None;
        };
        let limits = &host.options.limits;
        let is_full =
            channel.unacked.is_full(limits.unsettled_messages_max, limits.unsettled_bytes_max);
        let stall = if !connection.credit.is_left() {
            connection.credit.stall(id);
            Stall::Credit
        } else if !consumer.has_room() {
            Stall::Own
        } else if !consumer.no_ack && (is_full || !channel.prefetch.has_room()) {
            channel.prefetch.stalled.push(id);
            Stall::Channel
        } else {
            return Some(if consumer.no_ack { Taking::ForGood } else { Taking::Unsettled });
        };
        consumer.stall = Some(stall);
        if let Some(queue) = host.queues.get_mut(queue) {
            queue.consumers.stand_aside();
        }
        None
    }

    fn deliver(&mut self, queue: QueueId, id: ConsumerId, entry: Entry) {
        let (message, sent_at) = (self.as_delivered(queue, &entry), self.now);
        let redelivered = entry.redelivered;
        let host = &mut *self.host;
        let Some(consumer) = host.consumers.get_mut(&id) else { return };
        let at = consumer.at;
        let Some(connection) = host.connections.get_mut(&at.connection) else { return };
        let Some(channel) = connection.channels.get_mut(&at.channel) else { return };
        let letter = &message.letter;
        let (delivery_tag, to) = (channel.unacked.next_tag(), Arc::clone(&consumer.tag));
        connection.credit.spend(Effect::delivery_credit(&letter.properties, &letter.body));
        channel.counts.redeliver += u64::from(redelivered);
        if consumer.no_ack {
            channel.counts.deliver_no_ack += 1;
            self.leave(queue, &message);
        } else {
            consumer.unacked += 1;
            channel.counts.deliver += 1;
            channel.prefetch.outstanding += 1;
            let delivery = Delivery { queue, entry, consumer: Some(id), sent_at };
            channel.unacked.insert(delivery_tag, delivery);
            if channel.watched_at.is_none() {
                let timeout = consumer.timeout;
                self.watch_unsettled(at, timeout);
            }
        }
        self.trace_delivery(at, (queue, redelivered), &message.letter);
        let until = self.seen_after(&message);
        self.send_content(at, until, Content::delivery(to, (delivery_tag, redelivered), message));
    }

    pub(super) fn send_content(&mut self, at: ChannelKey, until: Until, content: Content) {
        let effect = Self::content(at, content);
        match until {
            Until::Turn => self.host.outbox.send(at, effect, self.effects),
            Until::EndOfTurn => self.host.outbox.hold_for_turn(at, effect),
            Until::Durable(lsn) => self.host.outbox.hold(at, lsn, effect),
        }
    }

    pub(super) const fn content(at: ChannelKey, content: Content) -> Effect {
        Effect::Content { connection: at.connection, channel: at.channel, content }
    }
}
