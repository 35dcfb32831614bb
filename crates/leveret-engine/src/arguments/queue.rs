//! The arguments of a queue.
//!
//! Those that RabbitMQ knows are checked; what no rule of ours acts on yet is kept with the
//! queue, and unknown ones are let pass.

use alloc::string::String;
use core::time::Duration;

use leveret_protocol::{FieldTable, FieldValue, ShortStr};

use crate::error::{ArgumentFault, integer};

/// What a queue's arguments ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct QueueSettings {
    pub(crate) queue_type: QueueType,
    /// How long the queue lives unused.
    pub(crate) expires: Option<Duration>,
    /// How long a message lives at the most.
    pub(crate) message_ttl: Option<Duration>,
    pub(crate) max_length: Option<u64>,
    pub(crate) max_length_bytes: Option<u64>,
    /// The highest priority that counts, of a queue that looks at priorities.
    pub(crate) max_priority: Option<u8>,
    pub(crate) overflow: Overflow,
    pub(crate) dead_letter_exchange: Option<ShortStr>,
    pub(crate) dead_letter_routing_key: Option<ShortStr>,
}

/// What a queue does at its length's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Overflow {
    #[default]
    DropHead,
    RejectPublish,
    /// What is rejected is dead-lettered as well.
    RejectPublishDlx,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum QueueType {
    #[default]
    Classic,
    /// Kept on this one node, like a classic queue; only the rules of declaring it differ.
    Quorum,
    Stream,
}

type Fault = (&'static str, ArgumentFault);

/// The longest time in milliseconds: RabbitMQ's ten years.
const MILLIS_MAX: i64 = 10 * 365 * 24 * 60 * 60 * 1000;

impl QueueSettings {
    pub(crate) fn parse(arguments: &FieldTable) -> Result<Self, Fault> {
        let queue_type = QueueType::parse(arguments)?;
        let expires = number(arguments, "x-expires", 1, MILLIS_MAX)?.map(Duration::from_millis);
        let message_ttl =
            number(arguments, "x-message-ttl", 0, MILLIS_MAX)?.map(Duration::from_millis);
        let max_length = number(arguments, "x-max-length", 0, i64::MAX)?;
        let max_length_bytes = number(arguments, "x-max-length-bytes", 0, i64::MAX)?;
        number(arguments, "x-delivery-limit", i64::MIN, i64::MAX)?;
        let max_priority = priority(arguments)?;
        let overflow = Overflow::parse(arguments)?;
        one_of(arguments, "x-queue-mode", &["default", "lazy"], ArgumentFault::QueueMode)?;
        boolean(arguments, "x-single-active-consumer")?;
        let dead_letter_exchange = string(arguments, "x-dead-letter-exchange")?;
        let dead_letter_routing_key = string(arguments, "x-dead-letter-routing-key")?;
        if dead_letter_routing_key.is_some() && dead_letter_exchange.is_none() {
            return Err(("x-dead-letter-routing-key", ArgumentFault::KeyWithoutExchange));
        }
        Ok(Self {
            queue_type,
            expires,
            message_ttl,
            max_length,
            max_length_bytes,
            max_priority,
            overflow,
            dead_letter_exchange,
            dead_letter_routing_key,
        })
    }
}

impl Overflow {
    fn parse(arguments: &FieldTable) -> Result<Self, Fault> {
        const NAME: &str = "x-overflow";
        match string(arguments, NAME)? {
            None => Ok(Self::DropHead),
            Some(name) => match name.as_bytes() {
                b"drop-head" => Ok(Self::DropHead),
                b"reject-publish" => Ok(Self::RejectPublish),
                b"reject-publish-dlx" => Ok(Self::RejectPublishDlx),
                _ => Err((NAME, ArgumentFault::Overflow)),
            },
        }
    }
}

impl QueueType {
    fn parse(arguments: &FieldTable) -> Result<Self, Fault> {
        const NAME: &str = "x-queue-type";
        match arguments.get(NAME) {
            None => Ok(Self::Classic),
            Some(FieldValue::LongString(name)) => match name.as_ref() {
                b"classic" => Ok(Self::Classic),
                b"quorum" => Ok(Self::Quorum),
                b"stream" => Ok(Self::Stream),
                other => {
                    let name = String::from_utf8_lossy(other).into_owned();
                    Err((NAME, ArgumentFault::QueueType { name }))
                }
            },
            Some(found) => Err((NAME, ArgumentFault::OtherType { found })),
        }
    }

    /// The name by which RabbitMQ's error texts call it.
    pub(crate) const fn module_name(self) -> &'static str {
        match self {
            Self::Classic => "rabbit_classic_queue",
            Self::Quorum => "rabbit_quorum_queue",
            Self::Stream => "rabbit_stream_queue",
        }
    }

    /// Arguments of other types of queue.
    pub(crate) const fn foreign_arguments(self) -> &'static [&'static str] {
        match self {
            Self::Classic => &[
                "x-delivery-limit",
                "x-dead-letter-strategy",
                "x-quorum-initial-group-size",
                "x-max-age",
                "x-stream-max-segment-size-bytes",
                "x-initial-cluster-size",
            ],
            Self::Quorum => &[
                "x-max-priority",
                "x-queue-mode",
                "x-queue-version",
                "x-max-age",
                "x-stream-max-segment-size-bytes",
                "x-initial-cluster-size",
            ],
            Self::Stream => &[],
        }
    }
}

fn number(
    arguments: &FieldTable,
    name: &'static str,
    min: i64,
    max: i64,
) -> Result<Option<u64>, Fault> {
    let Some(found) = arguments.get(name) else { return Ok(None) };
    let Some(value) = integer(&found) else {
        return Err((name, ArgumentFault::NoInteger { found }));
    };
    if value >= min && value <= max {
        return Ok(u64::try_from(value).ok());
    }
    Err((
        name,
        match value {
            0 => ArgumentFault::Zero { value },
            value if value < 0 => ArgumentFault::Negative { value },
            value => ArgumentFault::TooLarge { value },
        },
    ))
}

fn priority(arguments: &FieldTable) -> Result<Option<u8>, Fault> {
    const NAME: &str = "x-max-priority";
    let Some(value) = number(arguments, NAME, 0, i64::MAX)? else { return Ok(None) };
    match u8::try_from(value) {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err((NAME, ArgumentFault::MaxExceeded { value })),
    }
}

fn string(arguments: &FieldTable, name: &'static str) -> Result<Option<ShortStr>, Fault> {
    match arguments.get(name) {
        None => Ok(None),
        Some(FieldValue::LongString(text)) if text.len() <= ShortStr::MAX_BYTES => {
            Ok(ShortStr::new(text).ok())
        }
        Some(found) => Err((name, ArgumentFault::OtherType { found })),
    }
}

fn one_of(
    arguments: &FieldTable,
    name: &'static str,
    choices: &[&str],
    fault: ArgumentFault,
) -> Result<(), Fault> {
    match string(arguments, name)? {
        Some(value) if !choices.iter().any(|choice| value == *choice) => Err((name, fault)),
        Some(_) | None => Ok(()),
    }
}

fn boolean(arguments: &FieldTable, name: &'static str) -> Result<(), Fault> {
    match arguments.get(name) {
        None | Some(FieldValue::Bool(_)) => Ok(()),
        Some(found) => Err((name, ArgumentFault::OtherType { found })),
    }
}
