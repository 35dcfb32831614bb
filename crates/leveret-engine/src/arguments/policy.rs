//! What a queue's arguments and a policy ask for together.

use leveret_protocol::{FieldTable, FieldValue, ShortStr};

use super::queue_type::QueueType;
use crate::error::integer;

/// What holds where both the arguments and the policy set something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Precedence {
    Arguments,
    /// The lower number.
    Lower,
}

const KEYS: [(&str, &str, Precedence); 11] = [
    ("expires", "x-expires", Precedence::Lower),
    ("message-ttl", "x-message-ttl", Precedence::Lower),
    ("max-length", "x-max-length", Precedence::Lower),
    ("max-length-bytes", "x-max-length-bytes", Precedence::Lower),
    ("delivery-limit", "x-delivery-limit", Precedence::Lower),
    ("consumer-timeout", "x-consumer-timeout", Precedence::Lower),
    ("overflow", "x-overflow", Precedence::Arguments),
    ("dead-letter-exchange", "x-dead-letter-exchange", Precedence::Arguments),
    ("dead-letter-routing-key", "x-dead-letter-routing-key", Precedence::Arguments),
    ("dead-letter-strategy", "x-dead-letter-strategy", Precedence::Arguments),
    ("queue-mode", "x-queue-mode", Precedence::Arguments),
];

/// The arguments with what the policy adds to them, in the form of arguments.
pub(crate) fn with_policy(
    arguments: &FieldTable,
    queue_type: QueueType,
    definition: &FieldTable,
) -> FieldTable {
    let mut effective = arguments.clone();
    for (key, argument, precedence) in KEYS {
        let Some(set) = definition.get(key) else { continue };
        if queue_type.foreign_argument(argument.as_bytes()).is_some() {
            continue;
        }
        let is_held = match (effective.get(argument), precedence) {
            (None, _) => false,
            (Some(_), Precedence::Arguments) => true,
            (Some(given), Precedence::Lower) => is_lower(&given, &set),
        };
        if !is_held {
            effective = replaced(&effective, argument, &set);
        }
    }
    if effective.get("x-dead-letter-exchange").is_none() {
        return without(&effective, "x-dead-letter-routing-key");
    }
    effective
}

/// Whether the first bounds more; a negative number bounds nothing.
fn is_lower(one: &FieldValue, other: &FieldValue) -> bool {
    let bound = |value| integer(value).filter(|number| *number >= 0).unwrap_or(i64::MAX);
    bound(one) <= bound(other)
}

fn without(table: &FieldTable, name: &str) -> FieldTable {
    table.iter().filter(|(known, _)| *known != name).collect()
}

fn replaced(table: &FieldTable, name: &'static str, value: &FieldValue) -> FieldTable {
    let kept = table.iter().filter(|(known, _)| *known != name);
    kept.chain([(ShortStr::from_static(name), value.clone())]).collect()
}
