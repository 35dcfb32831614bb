//! The extension arguments that brokers know, with the shape of their values.

use leveret_settings::nearest;
use serde_json::Value;

/// The shape of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A whole number, not below zero.
    Count,
    Text,
    Flag,
}

const QUEUE: [(&str, Shape); 22] = [
    ("x-message-ttl", Shape::Count),
    ("x-expires", Shape::Count),
    ("x-max-length", Shape::Count),
    ("x-max-length-bytes", Shape::Count),
    ("x-overflow", Shape::Text),
    ("x-dead-letter-exchange", Shape::Text),
    ("x-dead-letter-routing-key", Shape::Text),
    ("x-dead-letter-strategy", Shape::Text),
    ("x-max-priority", Shape::Count),
    ("x-single-active-consumer", Shape::Flag),
    ("x-delivery-limit", Shape::Count),
    ("x-queue-mode", Shape::Text),
    ("x-queue-version", Shape::Count),
    ("x-queue-master-locator", Shape::Text),
    ("x-queue-leader-locator", Shape::Text),
    ("x-quorum-initial-group-size", Shape::Count),
    ("x-max-in-memory-length", Shape::Count),
    ("x-max-in-memory-bytes", Shape::Count),
    ("x-max-age", Shape::Text),
    ("x-stream-max-segment-size-bytes", Shape::Count),
    ("x-initial-cluster-size", Shape::Count),
    ("x-consumer-timeout", Shape::Count),
];

const EXCHANGE: [(&str, Shape); 1] = [("alternate-exchange", Shape::Text)];

/// Arguments that a policy can give as well, without a new queue.
const IN_POLICIES: [&str; 9] = [
    "x-message-ttl",
    "x-expires",
    "x-max-length",
    "x-max-length-bytes",
    "x-overflow",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-delivery-limit",
    "x-queue-mode",
];

/// What is wrong with an argument, and what was probably meant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The value is of another shape; which is wanted.
    Shape(&'static str),
    /// No broker knows the name, but one that is spelt nearly so.
    Name(&'static str),
}

/// Looks at an argument of a queue.
pub(crate) fn of_queue(name: &str, value: &Value) -> Option<Wrong> {
    check(&QUEUE, name, value)
}

/// Looks at an argument of an exchange.
pub(crate) fn of_exchange(name: &str, value: &Value) -> Option<Wrong> {
    check(&EXCHANGE, name, value)
}

/// The setting of a policy that does what this argument does.
pub(crate) fn in_policy(argument: &str) -> Option<&str> {
    IN_POLICIES.contains(&argument).then(|| argument.trim_start_matches("x-"))
}

fn check(known: &[(&'static str, Shape)], name: &str, value: &Value) -> Option<Wrong> {
    let Some((_, shape)) = known.iter().find(|(known, _)| *known == name) else {
        let near = nearest(name, known.iter().map(|(name, _)| *name))?;
        return known.iter().find(|(name, _)| *name == near).map(|(name, _)| Wrong::Name(name));
    };
    let (fits, wanted) = match shape {
        Shape::Count => (value.as_u64().is_some(), "a whole number, not below 0"),
        Shape::Text => (value.is_string(), "a text"),
        Shape::Flag => (value.is_boolean(), "true or false"),
    };
    (!fits).then_some(Wrong::Shape(wanted))
}
