//! Exchanges, queues and bindings, as they are asked for.

use leveret_protocol::{FieldTable, ShortStr};

/// What kind of exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ExchangeKind {
    /// To the queues bound with the very routing key.
    #[default]
    Direct,
    /// To all queues bound.
    Fanout,
    /// To the queues whose pattern fits the routing key.
    Topic,
    /// To the queues whose arguments fit the headers.
    Headers,
    /// An extension of the broker.
    Other(ShortStr),
}

impl ExchangeKind {
    /// The name on the wire.
    pub fn name(&self) -> ShortStr {
        match self {
            Self::Direct => ShortStr::from_static("direct"),
            Self::Fanout => ShortStr::from_static("fanout"),
            Self::Topic => ShortStr::from_static("topic"),
            Self::Headers => ShortStr::from_static("headers"),
            Self::Other(name) => name.clone(),
        }
    }
}

/// An exchange to declare; durable unless said otherwise.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the method has these flags")]
pub struct ExchangeDeclare {
    /// Its name.
    pub name: ShortStr,
    /// Its kind.
    pub kind: ExchangeKind,
    /// Whether only to check that it exists.
    pub passive: bool,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last binding.
    pub auto_delete: bool,
    /// Whether only other exchanges may publish to it.
    pub internal: bool,
    /// Extension arguments.
    pub arguments: FieldTable,
}

impl Default for ExchangeDeclare {
    fn default() -> Self {
        Self {
            name: ShortStr::EMPTY,
            kind: ExchangeKind::Direct,
            passive: false,
            durable: true,
            auto_delete: false,
            internal: false,
            arguments: FieldTable::default(),
        }
    }
}

/// An exchange to delete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExchangeDelete {
    /// Its name.
    pub name: ShortStr,
    /// Whether only if nothing is bound to it.
    pub if_unused: bool,
}

/// A binding that gives one exchange's messages to another.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExchangeBinding {
    /// The exchange that receives.
    pub destination: ShortStr,
    /// The exchange that gives.
    pub source: ShortStr,
    /// The routing key or pattern.
    pub routing_key: ShortStr,
    /// Extension arguments.
    pub arguments: FieldTable,
}

/// A queue to declare; durable unless said otherwise.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the method has these flags")]
pub struct QueueDeclare {
    /// Its name; empty asks the broker for one.
    pub name: ShortStr,
    /// Whether only to check that it exists.
    pub passive: bool,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it is for this connection alone, and goes with it.
    pub exclusive: bool,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// Extension arguments.
    pub arguments: FieldTable,
}

impl QueueDeclare {
    /// A queue of this connection alone, with a name that the broker gives.
    pub fn private() -> Self {
        Self { durable: false, exclusive: true, auto_delete: true, ..Self::default() }
    }
}

impl Default for QueueDeclare {
    fn default() -> Self {
        Self {
            name: ShortStr::EMPTY,
            passive: false,
            durable: true,
            exclusive: false,
            auto_delete: false,
            arguments: FieldTable::default(),
        }
    }
}

/// A queue that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueDeclared {
    /// Its name.
    pub name: ShortStr,
    /// How many messages are ready in it.
    pub messages: u32,
    /// How many consumers it has.
    pub consumers: u32,
}

/// A queue to delete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueDelete {
    /// Its name.
    pub name: ShortStr,
    /// Whether only if it has no consumer.
    pub if_unused: bool,
    /// Whether only if it has no message.
    pub if_empty: bool,
}

/// A binding that gives an exchange's messages to a queue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueueBinding {
    /// The queue; empty is the one last declared on the channel.
    pub queue: ShortStr,
    /// The exchange.
    pub exchange: ShortStr,
    /// The routing key or pattern.
    pub routing_key: ShortStr,
    /// Extension arguments.
    pub arguments: FieldTable,
}
