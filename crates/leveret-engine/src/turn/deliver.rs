//! Messages go to consumers, as far as prefetch and credit reach.
//!
//! A message that is to survive is sent once it is on disk: what a consumer does about it
//! cannot be undone, so a crash must not undo the message.

use leveret_protocol::{Method, basic};

use super::{Turn, authorise::Access, bounds::Progress};
use crate::{
    arguments::QueueType,
    channel::{ChannelKey, Delivery, Stall},
    effects::Effect,
    error::{MethodError, ResourceError, ResourceKind},
    identity::{ConnectionId, ConsumerId, QueueId},
    message::Message,
    queue::Entry,
    work::Task,
};

impl Turn<'_> {
    /// Tends all queues that may have something to deliver or to give up now.
    pub(super) fn deliver_stirred(&mut self) {
        while let Some(queue) = self.stirred.pop_front() {
            self.tend(queue);
        }
    }

    /// Delivers what can be delivered; what is over the queue's bounds then goes.
    fn tend(&mut self, id: QueueId) {
        let is_done = self.deliver_from(id) == Progress::Done
            && self.trim(id) == Progress::Done
            && self.expire(id) == Progress::Done;
        if !is_done {
            self.tend_later(id);
        }
    }

    fn tend_later(&mut self, id: QueueId) {
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

    pub(super) fn get(&mut self, at: ChannelKey, get: basic::Get) -> Result<(), MethodError> {
        let name = self.queue_name(at, &get.queue)?;
        self.authorise(at, Access::Read, ResourceKind::Queue, &name)?;
        let id = self.usable_queue(at, &name)?;
        self.touch(id);
        if self.expire_past(id) == Progress::OutOfSteps {
            self.host.work.add(Task::Get { at, get });
            return Ok(());
        }
        let Some(queue) = self.host.queues.get_mut(id) else { return Ok(()) };
        let settings = &queue.settings;
        if settings.queue_type == QueueType::Quorum && settings.single_active_consumer {
            let resource = self.host.queue_resource(&name);
            return Err(ResourceError::SingleConsumer { resource }.into());
        }
        let Some(entry) = queue.ready.pop() else {
            self.send(at, Method::BasicGetEmpty(basic::GetEmpty));
            return Ok(());
        };
        if self.expire(id) == Progress::OutOfSteps {
            self.tend_later(id);
        }
        let left = self.host.queues.get(id).map_or(0, |queue| queue.ready.len());
        let message_count = u32::try_from(left).unwrap_or(u32::MAX);
        let (message, sent_at) = (self.as_delivered(id, &entry), self.now);
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        let delivery_tag = channel.unacked.next_tag();
        let letter = &message.letter;
        let method = Method::BasicGetOk(basic::GetOk {
            delivery_tag,
            redelivered: entry.redelivered,
            exchange: letter.exchange.clone(),
            routing_key: letter.routing_key.clone(),
            message_count,
        });
        if get.no_ack {
            self.leave(id, &entry.message);
        } else {
            channel
                .unacked
                .insert(delivery_tag, Delivery { queue: id, entry, consumer: None, sent_at });
            self.watch_unsettled(at, self.timeout_of_queue(id));
        }
        self.send_content(at, method, &message);
        Ok(())
    }

    fn deliver_from(&mut self, id: QueueId) -> Progress {
        loop {
            let Some(queue) = self.host.queues.get_mut(id) else { return Progress::Done };
            let (true, Some(consumer)) = (queue.can_deliver(), queue.consumers.front()) else {
                return Progress::Done;
            };
            if self.steps_left == 0 || self.expire_past(id) == Progress::OutOfSteps {
                return Progress::OutOfSteps;
            }
            if !self.has_room(id, consumer) {
                continue;
            }
            let Some(queue) = self.host.queues.get_mut(id) else { return Progress::Done };
            let Some(entry) = queue.ready.pop() else { return Progress::Done };
            queue.consumers.rotate();
            self.steps_left = self.steps_left.saturating_sub(1);
            self.deliver(id, consumer, entry);
        }
    }

    /// Whether the consumer can take one more; if not, it stands aside.
    fn has_room(&mut self, queue: QueueId, id: ConsumerId) -> bool {
        let host = &mut *self.host;
        let Some(consumer) = host.consumers.get_mut(&id) else { return false };
        let Some(connection) = host.connections.get_mut(&consumer.at.connection) else {
            return false;
        };
        let Some(channel) = connection.channels.get_mut(&consumer.at.channel) else { return false };
        let stall = if !connection.credit.is_left() {
            connection.credit.stall(id);
            Stall::Credit
        } else if !consumer.has_room() {
            Stall::Own
        } else if !consumer.no_ack && !channel.prefetch.has_room() {
            channel.prefetch.stalled.push(id);
            Stall::Channel
        } else {
            return true;
        };
        consumer.stall = Some(stall);
        if let Some(queue) = host.queues.get_mut(queue) {
            queue.consumers.stand_aside();
        }
        false
    }

    fn deliver(&mut self, queue: QueueId, id: ConsumerId, entry: Entry) {
        let (message, sent_at) = (self.as_delivered(queue, &entry), self.now);
        let host = &mut *self.host;
        let Some(consumer) = host.consumers.get_mut(&id) else { return };
        let at = consumer.at;
        let Some(connection) = host.connections.get_mut(&at.connection) else { return };
        let Some(channel) = connection.channels.get_mut(&at.channel) else { return };
        let letter = &message.letter;
        let delivery_tag = channel.unacked.next_tag();
        let method = Method::BasicDeliver(basic::Deliver {
            consumer_tag: consumer.tag.clone(),
            delivery_tag,
            redelivered: entry.redelivered,
            exchange: letter.exchange.clone(),
            routing_key: letter.routing_key.clone(),
        });
        connection.credit.spend(Effect::delivery_credit(&letter.properties, &letter.body));
        if consumer.no_ack {
            self.leave(queue, &message);
        } else {
            consumer.unacked += 1;
            channel.prefetch.outstanding += 1;
            let delivery = Delivery { queue, entry, consumer: Some(id), sent_at };
            channel.unacked.insert(delivery_tag, delivery);
            if channel.watched_at.is_none() {
                let timeout = consumer.timeout;
                self.watch_unsettled(at, timeout);
            }
        }
        self.send_content(at, method, &message);
    }

    /// A message has left a queue for good.
    pub(super) fn leave(&mut self, queue: QueueId, message: &Message) {
        self.host.tallies.forget((queue, message.id));
        if !message.letter.persistent {
            return;
        }
        self.host.store.settle(queue, message.id);
        if self.host.queues.get(queue).is_some_and(|queue| queue.keeps(message)) {
            self.settled.push((queue, message.id));
        }
    }

    fn send_content(&mut self, at: ChannelKey, method: Method, message: &Message) {
        let letter = &message.letter;
        let effect = Effect::Content {
            connection: at.connection,
            channel: at.channel,
            method,
            properties: letter.properties.clone(),
            body: letter.body.clone(),
        };
        let recorded = message.recorded;
        let until = self.host.spans.end_of(recorded);
        if until <= self.host.durable {
            self.host.outbox.send(at, effect, self.effects);
        } else if recorded > self.host.last_record {
            self.host.outbox.hold_for_turn(at, effect);
        } else {
            self.host.outbox.hold(at, until, effect);
        }
    }
}
