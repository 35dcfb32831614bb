//! The methods of class basic.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use crate::field::FieldTable;
use crate::short_str::ShortStr;

/// `basic.qos`: Limits what is delivered without acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Qos {
    /// The most unacknowledged bytes; brokers refuse other than 0.
    pub prefetch_size: u32,
    /// The most unacknowledged deliveries; 0 is no limit.
    pub prefetch_count: u16,
    /// Whether the limit is shared by all consumers of the channel.
    pub global: bool,
}

/// `basic.qos-ok`: The limit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QosOk;

/// `basic.consume`: Starts a consumer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the method has these flags on the wire")]
pub struct Consume {
    /// The queue; empty is the one last declared on this channel.
    pub queue: ShortStr,
    /// The consumer's name; empty asks the server for one.
    pub consumer_tag: ShortStr,
    /// Whether own messages are not delivered; brokers ignore it.
    pub no_local: bool,
    /// Whether deliveries need no acknowledgement.
    pub no_ack: bool,
    /// Whether it is for this connection or consumer alone.
    pub exclusive: bool,
    /// Whether the reply is left out.
    pub no_wait: bool,
    /// Extension arguments.
    pub arguments: FieldTable,
}

/// `basic.consume-ok`: The consumer runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsumeOk {
    /// The consumer's name on its channel.
    pub consumer_tag: ShortStr,
}

/// `basic.cancel`: Ends a consumer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cancel {
    /// The consumer's name on its channel.
    pub consumer_tag: ShortStr,
    /// Whether the reply is left out.
    pub no_wait: bool,
}

/// `basic.cancel-ok`: The consumer has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CancelOk {
    /// The consumer's name on its channel.
    pub consumer_tag: ShortStr,
}

/// `basic.publish`: Publishes a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Publish {
    /// The exchange; empty is the default exchange.
    pub exchange: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
    /// Whether to return the message if no queue takes it.
    pub mandatory: bool,
    /// Whether to return what no consumer takes at once; brokers refuse it.
    pub immediate: bool,
}

/// `basic.return`: Gives back a message that went nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Return {
    /// The reply code.
    pub reply_code: u16,
    /// What went wrong, for people.
    pub reply_text: ShortStr,
    /// The exchange; empty is the default exchange.
    pub exchange: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
}

/// `basic.deliver`: Delivers a message to a consumer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deliver {
    /// The consumer's name on its channel.
    pub consumer_tag: ShortStr,
    /// The delivery's number on its channel.
    pub delivery_tag: u64,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
    /// The exchange; empty is the default exchange.
    pub exchange: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
}

/// `basic.get`: Takes one message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Get {
    /// The queue; empty is the one last declared on this channel.
    pub queue: ShortStr,
    /// Whether deliveries need no acknowledgement.
    pub no_ack: bool,
}

/// `basic.get-ok`: Delivers the one message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetOk {
    /// The delivery's number on its channel.
    pub delivery_tag: u64,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
    /// The exchange; empty is the default exchange.
    pub exchange: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
    /// How many messages are ready in the queue.
    pub message_count: u32,
}

/// `basic.get-empty`: The queue has none ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetEmpty;

/// `basic.ack`: Acknowledges deliveries, or confirms publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ack {
    /// The delivery's number on its channel.
    pub delivery_tag: u64,
    /// Whether all deliveries up to the tag are meant.
    pub multiple: bool,
}

/// `basic.reject`: Refuses one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reject {
    /// The delivery's number on its channel.
    pub delivery_tag: u64,
    /// Whether the messages go back to their queue.
    pub requeue: bool,
}

/// `basic.recover-async`: Redelivers what is unacknowledged, without a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecoverAsync {
    /// Whether the messages go back to their queue.
    pub requeue: bool,
}

/// `basic.recover`: Redelivers what is unacknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recover {
    /// Whether the messages go back to their queue.
    pub requeue: bool,
}

/// `basic.recover-ok`: Redelivery has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecoverOk;

/// `basic.nack`: Refuses deliveries, or reports publishes as lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Nack {
    /// The delivery's number on its channel.
    pub delivery_tag: u64,
    /// Whether all deliveries up to the tag are meant.
    pub multiple: bool,
    /// Whether the messages go back to their queue.
    pub requeue: bool,
}
