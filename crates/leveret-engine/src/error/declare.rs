//! Why a queue or an exchange cannot be declared.

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
};
use core::fmt;

use leveret_protocol::{FieldValue, ReplyCode, ShortStr};

use super::{
    erlang::{Shown, type_name},
    resource::Resource,
};

/// A property or argument that has to be the same when a thing is declared again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Property {
    Durable,
    AutoDelete,
    Internal,
    Kind,
    Argument(&'static str),
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Durable => "durable",
            Self::AutoDelete => "auto_delete",
            Self::Internal => "internal",
            Self::Kind => "type",
            Self::Argument(name) => name,
        })
    }
}

/// One side of a comparison, shown as RabbitMQ does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Compared {
    Nothing,
    Plain(String),
    Typed(FieldValue),
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("none"),
            Self::Plain(text) => write!(f, "'{text}'"),
            Self::Typed(value) => {
                write!(f, "the value '{}' of type '{}'", Shown(value), type_name(value))
            }
        }
    }
}

/// Both sides of a comparison that failed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sides {
    pub(crate) received: Compared,
    pub(crate) current: Compared,
}

impl Sides {
    /// Two flags that differ.
    pub(crate) fn of_flags(received: bool, current: bool) -> Self {
        let (received, current) = (received.to_string(), current.to_string());
        Self { received: Compared::Plain(received), current: Compared::Plain(current) }
    }
}

/// What is wrong with an argument's value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum ArgumentFault {
    #[error("\"expected integer, got {}\"", type_name(found))]
    NoInteger { found: FieldValue },
    #[error("{{unacceptable_type,{}}}", type_name(found))]
    OtherType { found: FieldValue },
    #[error("{{value_negative,{value}}}")]
    Negative { value: i64 },
    #[error("{{value_zero,{value}}}")]
    Zero { value: i64 },
    #[error("{{value_too_large,{value}}}")]
    TooLarge { value: i64 },
    #[error("{{max_value_exceeded,{value}}}")]
    MaxExceeded { value: u64 },
    #[error("invalid_overflow")]
    Overflow,
    #[error("\"unsupported queue mode '{mode}'\"")]
    QueueMode { mode: ShortStr },
    #[error("\"unsupported queue version '{version}'\"")]
    QueueVersion { version: u64 },
    #[error("invalid_queue_locator_arg")]
    Locator,
    #[error("invalid_dlx_strategy")]
    Strategy,
    #[error("\"unsupported queue type '{name}'\"")]
    QueueType { name: String },
    #[error("routing_key_but_no_dlx_defined")]
    KeyWithoutExchange,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum DeclareError {
    #[error(
        "cannot declare queue '{name}': queue limit in vhost '{virtual_host}' ({max}) is reached"
    )]
    TooManyQueues { name: ShortStr, virtual_host: ShortStr, max: u64 },
    #[error(
        "inequivalent arg '{property}' for {resource}: received {} but current is {}",
        sides.received,
        sides.current
    )]
    Inequivalent { property: Property, resource: Resource, sides: Box<Sides> },
    #[error("invalid arg '{argument}' for {resource}: {fault}")]
    Argument { argument: &'static str, resource: Resource, fault: Box<ArgumentFault> },
    #[error("invalid arg '{argument}' for {resource} of queue type {queue_type}")]
    OtherType { argument: &'static str, resource: Resource, queue_type: &'static str },
    #[error("invalid type '{}' for arg '{argument}' in {resource}", type_name(found))]
    ArgumentType { argument: &'static str, resource: Resource, found: Box<FieldValue> },
    #[error("invalid property '{property}' for {resource}")]
    Property { property: &'static str, resource: Resource },
    #[error("Cannot declare a server-named queue for type {queue_type}")]
    ServerNamed { queue_type: &'static str },
    #[error("{} exchange type '{kind}'", if kind.is_empty() { "invalid" } else { "unknown" })]
    ExchangeType { kind: ShortStr },
    #[error("Invalid argument, 'x-delayed-type' must be an existing exchange type")]
    DelayedType,
    #[error("hash-header and hash-property are mutually exclusive")]
    HashOnBoth,
    #[error("Unsupported property: {property}")]
    HashProperty { property: ShortStr },
    #[error("invalid arg '{argument}': expected a string of at most 255 bytes")]
    HashName { argument: &'static str },
    #[error("{resource}: streams are not supported, declare it without 'x-queue-type: stream'")]
    Stream { resource: Resource },
}

impl DeclareError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::Inequivalent { .. }
            | Self::Argument { .. }
            | Self::ArgumentType { .. }
            | Self::OtherType { .. }
            | Self::Property { .. }
            | Self::ServerNamed { .. }
            | Self::ExchangeType { .. }
            | Self::DelayedType
            | Self::HashOnBoth
            | Self::HashProperty { .. }
            | Self::TooManyQueues { .. }
            | Self::HashName { .. } => ReplyCode::PreconditionFailed,
            Self::Stream { .. } => ReplyCode::NotImplemented,
        }
    }
}
