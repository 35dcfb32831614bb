//! What became of a message in a trial.

use leveret_client::{Delivery, FieldValue};
use serde_json::{Value, json};

use super::super::{letter::Record, scan::Found};

/// What became of it, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Now {
    /// It was acknowledged, and is nowhere any more.
    Handled,
    /// It is a dead letter again.
    Dead,
    /// It waits to be tried again.
    Later,
    /// It was not settled in time.
    Unanswered,
    /// One before it was not settled in time.
    Untried,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) now: Now,
    /// For people.
    pub(super) text: String,
    /// What was published meanwhile and nobody took.
    pub(super) outputs: Vec<Value>,
}

impl Now {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Dead => "dead",
            Self::Later => "later",
            Self::Unanswered => "unanswered",
            Self::Untried => "untried",
        }
    }
}

impl Outcome {
    pub(super) fn untried() -> Self {
        Self { now: Now::Untried, text: "not tried".to_owned(), outputs: Vec::new() }
    }

    pub(super) fn unanswered() -> Self {
        Self { now: Now::Unanswered, text: "no answer in time".to_owned(), outputs: Vec::new() }
    }

    /// Of what lies in queues that nobody consumes, once all is settled.
    pub(super) fn of(letter: &Found, found: Vec<(String, Delivery)>) -> Self {
        let mut outcome =
            Self { now: Now::Handled, text: "handled".to_owned(), outputs: Vec::new() };
        for (queue, delivery) in found {
            let record = Record::of(&delivery);
            let has_its_id =
                delivery.properties.message_id() == letter.delivery.properties.message_id();
            if !record.class.is_empty() {
                outcome.now = Now::Dead;
                outcome.text = format!("dead: {}", failure(&record));
            } else if has_its_id && is_retry(&delivery) {
                outcome.now = Now::Later;
                outcome.text = format!("tried again later, by queue {queue}");
            } else {
                outcome.outputs.push(shown(&queue, &delivery));
            }
        }
        outcome
    }

    /// How many outputs in which queue.
    pub(super) fn shown(&self) -> String {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for output in &self.outputs {
            let queue = output.get("queue").and_then(Value::as_str).unwrap_or_default();
            match counts.iter_mut().find(|(name, _)| *name == queue) {
                Some((_, count)) => *count += 1,
                None => counts.push((queue, 1)),
            }
        }
        let counts = counts.into_iter().map(|(queue, count)| format!("{count} in {queue}"));
        counts.collect::<Vec<_>>().join(", ")
    }
}

/// The class of a failure, and its words if there are any.
pub(super) fn failure(record: &Record) -> String {
    let Record { class, error, .. } = record;
    if error.is_empty() { class.clone() } else { format!("{class}: {error}") }
}

fn is_retry(delivery: &Delivery) -> bool {
    let headers = delivery.properties.headers().unwrap_or_default();
    matches!(headers.get("x-leveret-attempt"), Some(FieldValue::I64(attempt)) if attempt > 0)
}

fn shown(queue: &str, delivery: &Delivery) -> Value {
    json!({
        "queue": queue, "exchange": delivery.exchange.to_string_lossy(),
        "routing_key": delivery.routing_key.to_string_lossy(),
        "payload": String::from_utf8_lossy(&delivery.body),
    })
}
