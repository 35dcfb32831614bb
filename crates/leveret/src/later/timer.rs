//! Which broker holds a message back by which means.

use std::time::Duration;

use leveret_client::{Connection, Publish as Sealed};
use leveret_protocol::{FieldTable, FieldValue, PropertiesBuilder, ShortStr};

use super::{Postponed, ladder};
use crate::link::Declaration;

/// What a broker says that has a timer of its own.
const SCHEDULED_MESSAGES: &str = "leveret.scheduled_messages";

/// How long that timer is to hold a message, in milliseconds.
const DELAY: &str = "x-leveret-delay";

/// What holds messages back on one broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The broker's own.
    Native,
    /// A ladder of quorum queues, which hand on without loss.
    SafeLadder,
    /// A ladder of classic queues: a broker before `RabbitMQ` 3.10, which may lose a message that
    /// it hands on while it is killed.
    Ladder,
}

impl Timer {
    /// The one to use on this connection.
    pub(crate) fn of(connection: &Connection) -> Self {
        if connection.has_capability(SCHEDULED_MESSAGES) {
            return Self::Native;
        }
        match connection.server_properties().get("version") {
            Some(FieldValue::LongString(version)) if hands_on_safely(&version) => Self::SafeLadder,
            Some(_) | None => Self::Ladder,
        }
    }

    /// The same in words.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::Native => "the broker's timer",
            Self::SafeLadder => "a ladder of 28 quorum queues",
            Self::Ladder => {
                "a ladder of 28 classic queues, which may lose a message if the broker is killed as it hands it on"
            }
        }
    }

    /// What it needs so that messages come back to this queue.
    pub(crate) fn declarations(self, queue: &ShortStr) -> Vec<Declaration> {
        match self {
            Self::Native => Vec::new(),
            Self::SafeLadder => ladder::declarations(queue, "quorum"),
            Self::Ladder => ladder::declarations(queue, "classic"),
        }
    }

    /// The copy, addressed so that it comes back after its pause.
    pub(crate) fn address(self, postponed: Postponed) -> Sealed {
        let Postponed { copy, pause, .. } = postponed;
        match self {
            Self::Native => held(copy, pause),
            Self::SafeLadder | Self::Ladder => {
                let step = ladder::step(pause, &copy.routing_key);
                Sealed { exchange: step.exchange, routing_key: step.routing_key, ..copy }
            }
        }
    }
}

fn held(copy: Sealed, pause: Duration) -> Sealed {
    let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX).max(1);
    let headers: FieldTable = copy
        .properties
        .headers()
        .unwrap_or_default()
        .iter()
        .chain([(ShortStr::from_static(DELAY), FieldValue::I64(millis))])
        .collect();
    let properties = PropertiesBuilder::from(&copy.properties).headers(headers).build();
    Sealed { properties, ..copy }
}

/// Whether dead-lettering from quorum queues can be at-least-once: from `RabbitMQ` 3.10 on.
fn hands_on_safely(version: &[u8]) -> bool {
    let text = String::from_utf8_lossy(version);
    let mut numbers = text.split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= (3, 10),
        (Some(_) | None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_3_10_on_hand_on_safely() {
        assert!(hands_on_safely(b"3.10.8"));
        assert!(hands_on_safely(b"4.0.5"));
        assert!(!hands_on_safely(b"3.9.29"));
        assert!(!hands_on_safely(b"of our own"));
    }
}
