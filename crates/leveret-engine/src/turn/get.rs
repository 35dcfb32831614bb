//! `basic.get`: one message at once, or as soon as it is there.

use alloc::{boxed::Box, sync::Arc};

use leveret_protocol::{Method, basic};

use super::{Turn, authorise::Access, bounds::Progress};
use crate::{
    arguments::QueueType,
    channel::{ChannelKey, Delivery},
    content::Content,
    counts::Counts,
    effects::Effect,
    error::{MethodError, ResourceError, ResourceKind, SettleError},
    getters::Getter,
    identity::QueueId,
    message::Message,
    outbox::{Slot, Until},
    queue::{Entry, Load},
};

impl Turn<'_> {
    pub(super) fn get(&mut self, at: ChannelKey, get: basic::Get) -> Result<(), MethodError> {
        let name = self.queue_name(at, &get.queue)?;
        self.authorise(at, Access::Read, ResourceKind::Queue, &name)?;
        let id = self.usable_queue(at, &name)?;
        self.touch(id);
        self.check_single_consumer(id)?;
        if !get.no_ack {
            self.check_takes_more(at)?;
        }
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        let opening = channel.opening;
        if self.host.getters.first(id).is_none() {
            if self.expire_past(id) == Progress::OutOfSteps {
                self.tend_later(id);
            } else if let Some(entry) = self.take_next(id) {
                let tag = self.next_tag(at);
                let (method, message) = self.get_ok(id, (at, get.no_ack, tag), entry);
                let content = Content::of_letter(method, &message.letter);
                self.send_content(at, self.seen_after(&message), content);
                return Ok(());
            } else if self.has_none(id) {
                self.count_got(id, at, |counts| counts.get_empty += 1);
                self.send(at, Method::BasicGetEmpty(basic::GetEmpty));
                return Ok(());
            }
        }
        let slot = self.host.outbox.reserve(at, get_empty(at));
        let tag = self.next_tag(at);
        self.host.getters.add(id, Getter { at, opening, no_ack: get.no_ack, tag, slot });
        Ok(())
    }

    /// Answers those who wait for the queue's next message, as far as it is in memory.
    pub(super) fn serve_getters(&mut self, id: QueueId) -> Progress {
        while let Some(Getter { at, opening, no_ack, tag, slot }) = self.host.getters.first(id) {
            if self.steps_left == 0 || self.expire_past(id) == Progress::OutOfSteps {
                return Progress::OutOfSteps;
            }
            if self.host.channel_mut(at).is_some_and(|channel| channel.opening == opening) {
                if let Some(entry) = self.take_next(id) {
                    let (method, message) = self.get_ok(id, (at, no_ack, tag), entry);
                    let until = self.seen_after(&message);
                    let content = Content::of_letter(method, &message.letter);
                    self.fill(at, slot, until, Self::content(at, content));
                } else if self.has_none(id) {
                    self.count_got(id, at, |counts| counts.get_empty += 1);
                    self.fill(at, slot, Until::Turn, get_empty(at));
                } else {
                    return Progress::Done;
                }
            }
            self.steps_left = self.steps_left.saturating_sub(1);
            self.host.getters.remove_first(id);
        }
        Progress::Done
    }

    fn check_single_consumer(&self, id: QueueId) -> Result<(), ResourceError> {
        let Some(queue) = self.host.queues.get(id) else { return Ok(()) };
        let settings = &queue.settings;
        if settings.queue_type == QueueType::Quorum && settings.single_active_consumer {
            let resource = self.host.queue_resource(&queue.spec.name);
            return Err(ResourceError::SingleConsumer { resource });
        }
        Ok(())
    }

    /// Refuses one delivery more than a channel may leave unsettled. Consumers wait at this bound; who
    /// asks for one message is told.
    fn check_takes_more(&self, at: ChannelKey) -> Result<(), SettleError> {
        let limits = &self.host.options.limits;
        let (messages_max, bytes_max) = (limits.unsettled_messages_max, limits.unsettled_bytes_max);
        let Some(channel) = self.host.channel(at) else { return Ok(()) };
        if channel.unacked.is_full(messages_max, bytes_max) {
            let channel = at.channel;
            return Err(SettleError::TooManyUnsettled { channel, messages_max, bytes_max });
        }
        Ok(())
    }

    /// Counts for the queue and for the channel.
    fn count_got(&mut self, id: QueueId, at: ChannelKey, count: impl Fn(&mut Counts)) {
        if let Some(queue) = self.host.queues.get_mut(id) {
            count(&mut queue.counts);
        }
        if let Some(channel) = self.host.channel_mut(at) {
            count(&mut channel.counts);
        }
    }

    fn next_tag(&mut self, at: ChannelKey) -> u64 {
        self.host.channel_mut(at).map_or(0, |channel| channel.unacked.next_tag())
    }

    fn has_none(&self, id: QueueId) -> bool {
        self.host.queues.get(id).is_none_or(|queue| queue.ready.is_empty())
    }

    /// Gives the message to the channel, and says how it is told.
    fn get_ok(
        &mut self,
        id: QueueId,
        (at, no_ack, delivery_tag): (ChannelKey, bool, u64),
        entry: Entry,
    ) -> (Method, Arc<Message>) {
        if self.expire(id) == Progress::OutOfSteps {
            self.tend_later(id);
        }
        let left = self.host.queues.get(id).map_or(0, |queue| queue.ready.len());
        let (message, sent_at) = (self.as_delivered(id, &entry), self.now);
        let letter = &message.letter;
        let redelivered = entry.redelivered;
        if let Some(queue) = self.host.queues.get_mut(id).filter(|_| !no_ack) {
            queue.unacked.add(Load::of(&entry.message.letter));
        }
        self.count_got(id, at, |counts| {
            *(if no_ack { &mut counts.get_no_ack } else { &mut counts.get }) += 1;
            counts.redeliver += u64::from(redelivered);
        });
        if let Some(channel) = self.host.channel_mut(at).filter(|_| !no_ack) {
            let delivery = Delivery { queue: id, entry, consumer: None, sent_at };
            channel.unacked.insert(delivery_tag, delivery);
        }
        if no_ack {
            self.leave(id, &message);
        } else {
            self.watch_unsettled(at, self.timeout_of_queue(id));
        }
        self.trace_delivery(at, (id, redelivered), letter);
        let method = Method::BasicGetOk(basic::GetOk {
            delivery_tag,
            redelivered,
            exchange: letter.exchange.clone(),
            routing_key: letter.routing_key.clone(),
            message_count: u32::try_from(left).unwrap_or(u32::MAX),
        });
        (method, message)
    }

    fn fill(&mut self, at: ChannelKey, slot: Slot, until: Until, answer: Effect) {
        let done = (self.host.durable, &mut *self.effects);
        self.host.outbox.fill((at, slot), until, answer, done);
    }
}

fn get_empty(at: ChannelKey) -> Effect {
    let method = Box::new(Method::BasicGetEmpty(basic::GetEmpty));
    Effect::Send { connection: at.connection, channel: at.channel, method }
}
