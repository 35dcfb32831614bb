//! Consumers begin and end, and what bounds them.

use alloc::sync::Arc;

use leveret_protocol::{Method, basic, channel};

use super::{Turn, admit::Admission, authorise::Access, peek::PEEK};
use crate::{
    channel::{ChannelKey, Consumer, Stall},
    error::{ConsumeError, MethodError, ResourceError, ResourceKind},
    identity::ConsumerId,
    message::{detached_name, detached_table},
    replies::REPLY_TO,
};

impl Turn<'_> {
    pub(super) fn consume(
        &mut self,
        at: ChannelKey,
        consume: basic::Consume,
    ) -> Result<(), MethodError> {
        let name = self.queue_name(at, &consume.queue)?;
        if consume.consumer_tag.to_str().is_err() {
            return Err(ResourceError::NameNotUtf8.into());
        }
        if name == REPLY_TO {
            return self.consume_replies(at, consume);
        }
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        let (is_used, prefetch) =
            (channel.consumers.contains_key(&consume.consumer_tag), channel.prefetch.of_consumers);
        if is_used {
            return Err(ConsumeError::TagInUse { tag: consume.consumer_tag }.into());
        }
        self.authorise(at, Access::Read, ResourceKind::Queue, &name)?;
        let queue = self.usable_queue(at, &name)?;
        if let Some(wanted) = consume.arguments.get(PEEK) {
            return self.peek(at, (queue, wanted), &consume);
        }
        let (settings, admission) = self.admit(at, queue, &consume)?;
        let tag = if consume.consumer_tag.is_empty() {
            self.host.chance.name("amq.ctag-")
        } else {
            detached_name(&consume.consumer_tag)
        };
        let id = ConsumerId(self.host.serials.next());
        if let Some(queue) = self.host.queues.get_mut(queue) {
            let (ring, priority) = (&mut queue.consumers, settings.priority);
            match admission {
                Admission::Alone => ring.add_exclusive(id, priority),
                Admission::Shared => ring.add(id, priority),
            }
        }
        let no_ack = consume.no_ack;
        let timeout = settings.timeout.or_else(|| self.timeout_of_queue(queue));
        let consumer = Consumer {
            at,
            tag: Arc::new(tag.clone()),
            queue,
            no_ack,
            prefetch,
            unacked: 0,
            stall: None,
            timeout,
            arguments: detached_table(&consume.arguments),
        };
        self.host.consumers.insert(id, consumer);
        if let Some(channel) = self.host.channel_mut(at) {
            channel.consumers.insert(tag.clone(), id);
        }
        if !consume.no_wait {
            self.send(at, Method::BasicConsumeOk(basic::ConsumeOk { consumer_tag: tag }));
        }
        self.hand_over(queue);
        self.stirred.push_back(queue);
        Ok(())
    }

    pub(super) fn cancel(
        &mut self,
        at: ChannelKey,
        cancel: basic::Cancel,
    ) -> Result<(), MethodError> {
        let consumer_tag = cancel.consumer_tag;
        if consumer_tag.to_str().is_err() {
            return Err(ResourceError::NameNotUtf8.into());
        }
        let was_for_replies = self.cancel_replies(at, &consumer_tag);
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        let consumer = if was_for_replies { None } else { channel.consumers.remove(&consumer_tag) };
        if !cancel.no_wait {
            self.send(at, Method::BasicCancelOk(basic::CancelOk { consumer_tag }));
        }
        if let Some(consumer) = consumer {
            self.end_consumer(consumer);
        }
        Ok(())
    }

    /// The consumer leaves its queue; an auto-delete queue goes with its last. What was
    /// delivered to it stays with the channel.
    pub(super) fn end_consumer(&mut self, id: ConsumerId) {
        let Some(consumer) = self.take_consumer(id) else { return };
        let Some(queue) = self.host.queues.get_mut(consumer.queue) else { return };
        let was_active = queue.consumers.active() == Some(id);
        queue.consumers.remove(id);
        if queue.spec.auto_delete && queue.consumers.is_empty() {
            self.remove_queue(consumer.queue);
        } else {
            self.touch(consumer.queue);
            if was_active {
                self.stirred.push_back(consumer.queue);
            } else {
                self.hand_over(consumer.queue);
            }
        }
    }

    /// The consumer is nowhere among those that wait any more.
    pub(super) fn take_consumer(&mut self, id: ConsumerId) -> Option<Consumer> {
        let host = &mut *self.host;
        let consumer = host.consumers.remove(&id)?;
        let exists = |id| host.consumers.contains_key(&id);
        if let Some(connection) = host.connections.get_mut(&consumer.at.connection) {
            match consumer.stall {
                None | Some(Stall::Own | Stall::Succession) => {}
                Some(Stall::Credit) => connection.credit.end_one(exists),
                Some(Stall::Channel) => {
                    if let Some(channel) = connection.channels.get_mut(&consumer.at.channel) {
                        channel.prefetch.stalled.end_one(exists);
                    }
                }
            }
        }
        Some(consumer)
    }

    pub(super) fn qos(&mut self, at: ChannelKey, qos: basic::Qos) -> Result<(), MethodError> {
        if qos.prefetch_size != 0 {
            return Err(ConsumeError::PrefetchSize { size: qos.prefetch_size }.into());
        }
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        if qos.global {
            channel.prefetch.of_channel = qos.prefetch_count;
            self.wake_stalled(at);
        } else {
            channel.prefetch.of_consumers = qos.prefetch_count;
        }
        self.send(at, Method::BasicQosOk(basic::QosOk));
        Ok(())
    }

    /// The channel's limit leaves room, perhaps: who waits for that looks again.
    pub(super) fn wake_stalled(&mut self, at: ChannelKey) {
        let limits = &self.host.options.limits;
        let (messages_max, bytes_max) = (limits.unsettled_messages_max, limits.unsettled_bytes_max);
        let Some(channel) = self.host.channel_mut(at) else { return };
        if channel.prefetch.stalled.is_empty()
            || !channel.prefetch.has_room()
            || channel.unacked.is_full(messages_max, bytes_max)
        {
            return;
        }
        for consumer in channel.prefetch.stalled.take() {
            self.come_back(consumer, Stall::Channel);
        }
    }

    /// A client may not stop deliveries; prefetch is for that.
    pub(super) fn flow(&mut self, at: ChannelKey, flow: channel::Flow) -> Result<(), MethodError> {
        if !flow.active {
            return Err(ConsumeError::FlowOff.into());
        }
        self.send(at, Method::ChannelFlowOk(channel::FlowOk { active: true }));
        Ok(())
    }
}
