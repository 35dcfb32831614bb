//! The arguments of a queue.
//!
//! Those that RabbitMQ knows are checked, in its order; unknown ones are let pass.

use core::time::Duration;

use leveret_protocol::{FieldTable, ShortStr};

use super::{
    queue_type::QueueType,
    value::{Fault, boolean, number, one_of, string, whole},
};
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
    /// Only one consumer gets messages; the next takes over when it leaves.
    pub(crate) single_active_consumer: bool,
    /// How often a message of a quorum queue may be given back, as it was asked for; negative is
    /// without limit.
    pub(crate) delivery_limit: Option<i64>,
    /// How long a delivery may stay unsettled.
    pub(crate) consumer_timeout: Option<Duration>,
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

/// The longest time in milliseconds: RabbitMQ's ten years.
const MILLIS_MAX: i64 = 10 * 365 * 24 * 60 * 60 * 1000;

/// RabbitMQ 4: how often a quorum queue's message may be given back, if nothing else is asked for.
const DELIVERY_LIMIT: i64 = 20;

impl QueueSettings {
    pub(crate) fn parse(arguments: &FieldTable) -> Result<Self, Fault> {
        let queue_type = QueueType::parse(arguments)?;
        let expires = number(arguments, "x-expires", 1, MILLIS_MAX)?.map(Duration::from_millis);
        let message_ttl =
            number(arguments, "x-message-ttl", 0, MILLIS_MAX)?.map(Duration::from_millis);
        let dead_letter_exchange = string(arguments, "x-dead-letter-exchange")?;
        let dead_letter_routing_key = string(arguments, "x-dead-letter-routing-key")?;
        if dead_letter_routing_key.is_some() && dead_letter_exchange.is_none() {
            return Err(("x-dead-letter-routing-key", ArgumentFault::KeyWithoutExchange));
        }
        let settings = Self {
            queue_type,
            expires,
            message_ttl,
            dead_letter_exchange,
            dead_letter_routing_key,
            max_length: number(arguments, "x-max-length", 0, i64::MAX)?,
            max_length_bytes: number(arguments, "x-max-length-bytes", 0, i64::MAX)?,
            overflow: Overflow::parse(arguments)?,
            single_active_consumer: boolean(arguments, "x-single-active-consumer")?,
            consumer_timeout: consumer_timeout(arguments),
            ..Self::default()
        };
        let settings = match queue_type {
            QueueType::Classic => settings.with_classic(arguments)?,
            QueueType::Quorum => settings.with_quorum(arguments)?,
            QueueType::Stream => return Ok(settings),
        };
        let locators = ["client-local", "balanced", "random", "least-leaders"];
        let fault = |_| ArgumentFault::Locator;
        one_of(arguments, "x-queue-leader-locator", &locators, fault)?;
        Ok(settings)
    }

    fn with_classic(self, arguments: &FieldTable) -> Result<Self, Fault> {
        let max_priority = priority(arguments)?;
        let fault = |mode| ArgumentFault::QueueMode { mode };
        one_of(arguments, "x-queue-mode", &["default", "lazy"], fault)?;
        match number(arguments, "x-queue-version", 0, i64::MAX)? {
            None | Some(1 | 2) => Ok(Self { max_priority, ..self }),
            Some(version) => Err(("x-queue-version", ArgumentFault::QueueVersion { version })),
        }
    }

    fn with_quorum(self, arguments: &FieldTable) -> Result<Self, Fault> {
        let strategies = ["at-most-once", "at-least-once"];
        one_of(arguments, "x-dead-letter-strategy", &strategies, |_| ArgumentFault::Strategy)?;
        // RabbitMQ 4 checks and ignores these two: no queue keeps its messages in memory.
        number(arguments, "x-max-in-memory-length", 0, i64::MAX)?;
        number(arguments, "x-max-in-memory-bytes", 0, i64::MAX)?;
        number(arguments, "x-quorum-initial-group-size", 1, i64::MAX)?;
        let overflow = match self.overflow {
            Overflow::DropHead | Overflow::RejectPublish => self.overflow,
            // RabbitMQ: not for quorum queues; the default is used instead.
            Overflow::RejectPublishDlx => Overflow::DropHead,
        };
        Ok(Self { delivery_limit: whole(arguments, "x-delivery-limit")?, overflow, ..self })
    }

    /// Whether a message that would be over the queue's length is not taken.
    pub(crate) fn refuses_at_limit(&self) -> bool {
        self.overflow != Overflow::DropHead
            && (self.max_length.is_some() || self.max_length_bytes.is_some())
    }

    /// How often a message may be given back; nothing, if there is no limit.
    pub(crate) fn delivery_limit(&self) -> Option<u32> {
        match self.queue_type {
            QueueType::Quorum => u32::try_from(self.delivery_limit.unwrap_or(DELIVERY_LIMIT)).ok(),
            QueueType::Classic | QueueType::Stream => None,
        }
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

fn priority(arguments: &FieldTable) -> Result<Option<u8>, Fault> {
    const NAME: &str = "x-max-priority";
    let Some(value) = number(arguments, NAME, 0, i64::MAX)? else { return Ok(None) };
    match u8::try_from(value) {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err((NAME, ArgumentFault::MaxExceeded { value })),
    }
}

/// A timeout for deliveries, of a queue or a consumer. RabbitMQ: what is no such time is ignored.
pub(crate) fn consumer_timeout(arguments: &FieldTable) -> Option<Duration> {
    let millis = integer(&arguments.get("x-consumer-timeout")?)?;
    u64::try_from(millis).ok().filter(|millis| *millis > 0).map(Duration::from_millis)
}
