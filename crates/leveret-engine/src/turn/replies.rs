//! Direct replies: messages that go straight to the channel that waits for them.
//!
//! A client consumes from `amq.rabbitmq.reply-to` and gives that name in its requests; in them
//! the name is replaced by one that only this channel has. A reply is never kept: if nobody
//! waits for it, it goes nowhere.

use leveret_protocol::{Method, Properties, ShortStr, basic, queue};

use super::Turn;
use crate::{
    channel::{ChannelKey, ReplyConsumer},
    content::Content,
    effects::Effect,
    error::{ConsumeError, MethodError, PublishError, ResourceError},
    message::{Letter, detached_name},
    replies::{REPLY_TO, REPLY_TO_PREFIX},
};

/// When a reply goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Now,
    /// Once all that this turn writes is on disk.
    WhenWritten,
}

impl Turn<'_> {
    pub(super) fn consume_replies(
        &mut self,
        at: ChannelKey,
        consume: basic::Consume,
    ) -> Result<(), MethodError> {
        let Some(channel) = self.host.channel_mut(at) else { return Ok(()) };
        if channel.consumers.contains_key(&consume.consumer_tag) {
            return Err(ConsumeError::TagInUse { tag: consume.consumer_tag }.into());
        }
        if channel.replies.is_some() {
            return Err(ConsumeError::RepliesTaken.into());
        }
        if !consume.no_ack {
            return Err(ConsumeError::RepliesNotAcknowledged.into());
        }
        let tag = if consume.consumer_tag.is_empty() {
            self.host.chance.name("amq.ctag-")
        } else {
            detached_name(&consume.consumer_tag)
        };
        let name = self.host.chance.secret_name(REPLY_TO_PREFIX);
        self.host.replies.add(name.clone(), at);
        if let Some(channel) = self.host.channel_mut(at) {
            channel.replies = Some(ReplyConsumer { tag: tag.clone(), name });
        }
        if !consume.no_wait {
            self.send(at, Method::BasicConsumeOk(basic::ConsumeOk { consumer_tag: tag }));
        }
        Ok(())
    }

    /// Whether that tag was the replies' consumer's, which ends.
    pub(super) fn cancel_replies(&mut self, at: ChannelKey, tag: &ShortStr) -> bool {
        let Some(channel) = self.host.channel_mut(at) else { return false };
        let Some(replies) = channel.replies.take_if(|replies| replies.tag == *tag) else {
            return false;
        };
        self.host.replies.remove(&replies.name);
        true
    }

    /// Every declaration of such a name is passive: it exists while somebody waits under it.
    pub(super) fn declare_replies(
        &mut self,
        at: ChannelKey,
        name: &ShortStr,
        no_wait: bool,
    ) -> Result<(), MethodError> {
        if *name != REPLY_TO && self.host.replies.find(name).is_none() {
            return Err(ResourceError::NotFound { resource: self.host.queue_resource(name) }.into());
        }
        let queue = detached_name(name);
        if let Some(channel) = self.host.channel_mut(at) {
            channel.last_queue = queue.clone();
        }
        if !no_wait {
            let answer = queue::DeclareOk { queue, message_count: 0, consumer_count: 1 };
            self.send(at, Method::QueueDeclareOk(answer));
        }
        Ok(())
    }

    /// A request's properties, with a name of this channel's own as where to reply to.
    pub(super) fn with_reply_to(
        &mut self,
        at: ChannelKey,
        properties: Properties,
    ) -> Result<Properties, PublishError> {
        if properties.reply_to().is_none_or(|reply_to| reply_to != REPLY_TO) {
            return Ok(properties);
        }
        let replies = self.host.channel_mut(at).and_then(|channel| channel.replies.as_ref());
        let Some(replies) = replies else { return Err(PublishError::NobodyWaits) };
        Ok(properties.to_builder().reply_to(replies.name.clone()).build())
    }

    /// Gives the reply to the channel that waits for it.
    pub(super) fn reply(&mut self, name: &ShortStr, letter: &Letter, when: Reply) {
        let Some(at) = self.host.replies.find(name) else { return };
        let Some(connection) = self.host.connections.get_mut(&at.connection) else { return };
        let Some(channel) = connection.channels.get_mut(&at.channel) else { return };
        let Some(replies) = &channel.replies else { return };
        let method = Method::BasicDeliver(basic::Deliver {
            consumer_tag: replies.tag.clone(),
            delivery_tag: channel.unacked.next_tag(),
            redelivered: false,
            exchange: letter.exchange.clone(),
            routing_key: letter.routing_key.clone(),
        });
        connection.credit.spend(Effect::delivery_credit(&letter.properties, &letter.body));
        let effect = Self::content(at, Content::of_letter(method, letter));
        match when {
            Reply::Now => self.host.outbox.send(at, effect, self.effects),
            Reply::WhenWritten => self.host.outbox.hold_for_turn(at, effect),
        }
    }
}
