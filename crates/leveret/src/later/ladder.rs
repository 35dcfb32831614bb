//! A ladder of queues that holds messages back on a broker without a timer.
//!
//! Step n holds every message for 2^n tenths of a second, by the time-to-live of its queue, and
//! hands it to the step below. The routing key has a digit for each step, the highest first: 1
//! holds the message there, 0 lets it through. So a message waits for any number of tenths of a
//! second, and none waits behind one that waits longer: in each queue all wait equally long.
//! The form is that of `NServiceBus`, with a finer base.

use std::fmt::Write as _;
use std::time::Duration;

use leveret_client::{ExchangeBinding, ExchangeDeclare, ExchangeKind, QueueBinding, QueueDeclare};
use leveret_protocol::{FieldTable, FieldValue, ShortStr};

use crate::link::Declaration;
use crate::message_id::derived_message_id;

/// How many steps: 2^28 tenths of a second are ten months.
const STEPS: u32 = 28;

/// What the lowest step holds.
const BASE: Duration = Duration::from_millis(100);

/// How the names of all its exchanges and queues begin.
const PREFIX: &[u8] = b"leveret.delay.";

/// The exchange below the lowest step, to which the queues are bound that messages come back to.
const END: &str = "leveret.delay.end";

/// How long the last word of a routing key may be: the digits take 56 bytes of 255.
const DESTINATION_BYTES_MAX: usize = 199;

/// Where a message enters the ladder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) exchange: ShortStr,
    pub(super) routing_key: ShortStr,
}

/// The step and the digits for a pause, rounded up to tenths of a second.
pub(super) fn step(pause: Duration, queue: &ShortStr) -> Step {
    let tenths = pause.as_millis().div_ceil(BASE.as_millis()).max(1);
    let tenths = u32::try_from(tenths).unwrap_or(u32::MAX).min((1 << STEPS) - 1);
    let mut key = String::with_capacity(255);
    for number in (0..STEPS).rev() {
        key.push_str(if tenths & (1 << number) == 0 { "0." } else { "1." });
    }
    key.push_str(&destination(queue));
    Step { exchange: name(tenths.ilog2()), routing_key: ShortStr::truncated(&key) }
}

/// Whether messages of this exchange have come down the ladder: a delivery names the exchange
/// that the last queue handed it to, and not those it was let through.
pub(super) fn is_step(exchange: &ShortStr) -> bool {
    exchange.as_bytes().starts_with(PREFIX)
}

/// The whole ladder, and the way from its end to `queue`.
pub(super) fn declarations(queue: &ShortStr, queue_type: &'static str) -> Vec<Declaration> {
    let end = ShortStr::from_static(END);
    let mut all = vec![exchange(end.clone())];
    for number in 0..STEPS {
        let here = name(number);
        let below = number.checked_sub(1).map_or_else(|| end.clone(), name);
        all.push(exchange(here.clone()));
        all.push(Declaration::Queue(QueueDeclare {
            name: here.clone(),
            arguments: arguments(number, &below, queue_type),
            ..QueueDeclare::default()
        }));
        all.push(Declaration::Binding(QueueBinding {
            queue: here.clone(),
            exchange: here.clone(),
            routing_key: pattern(number, '1'),
            ..QueueBinding::default()
        }));
        all.push(Declaration::ExchangeBinding(ExchangeBinding {
            destination: below,
            source: here,
            routing_key: pattern(number, '0'),
            ..ExchangeBinding::default()
        }));
    }
    let mut routing_key = "*.".repeat(STEPS as usize);
    routing_key.push_str(&destination(queue));
    all.push(Declaration::Binding(QueueBinding {
        queue: queue.clone(),
        exchange: end,
        routing_key: ShortStr::truncated(&routing_key),
        ..QueueBinding::default()
    }));
    all
}

fn exchange(name: ShortStr) -> Declaration {
    Declaration::Exchange(ExchangeDeclare {
        name,
        kind: ExchangeKind::Topic,
        ..ExchangeDeclare::default()
    })
}

fn arguments(number: u32, below: &ShortStr, queue_type: &'static str) -> FieldTable {
    let millis = i64::try_from(BASE.as_millis()).unwrap_or(i64::MAX) << number;
    let mut arguments = vec![
        ("x-queue-type", FieldValue::from(queue_type)),
        ("x-message-ttl", FieldValue::I64(millis)),
        ("x-dead-letter-exchange", below.clone().into()),
    ];
    if queue_type == "quorum" {
        arguments.push(("x-dead-letter-strategy", "at-least-once".into()));
        arguments.push(("x-overflow", "reject-publish".into()));
    }
    let named = |(name, value)| (ShortStr::from_static(name), value);
    arguments.into_iter().map(named).collect()
}

fn name(number: u32) -> ShortStr {
    ShortStr::truncated(&format!("leveret.delay.{number:02}"))
}

/// Keys with this digit at the place of that step.
fn pattern(number: u32, digit: char) -> ShortStr {
    let higher = STEPS.saturating_sub(number + 1);
    let mut pattern = "*.".repeat(higher as usize);
    // Cannot fail: a string takes any text.
    write!(pattern, "{digit}.#").unwrap_or_default();
    ShortStr::truncated(&pattern)
}

/// The queue's name as the end of a routing key: without words that are patterns, and short.
fn destination(queue: &ShortStr) -> String {
    let name = queue.to_string_lossy();
    if name.len() <= DESTINATION_BYTES_MAX && !name.contains(['*', '#', '%']) {
        return name.into_owned();
    }
    derived_message_id(&["queue", &name]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(millis: u64) -> (String, String) {
        let step = step(Duration::from_millis(millis), &ShortStr::from_static("a.b"));
        let key = step.routing_key.to_string();
        let digits: String = key.trim_end_matches("a.b").split('.').collect();
        assert!(key.ends_with(".a.b"));
        (step.exchange.to_string(), digits.trim_start_matches('0').to_owned())
    }

    #[test]
    fn a_pause_is_written_in_tenths_of_a_second() {
        let entry = |exchange: &str, digits: &str| (exchange.to_owned(), digits.to_owned());
        assert_eq!(key(0), entry("leveret.delay.00", "1"));
        assert_eq!(key(100), entry("leveret.delay.00", "1"));
        assert_eq!(key(101), entry("leveret.delay.01", "10"));
        assert_eq!(key(1_000), entry("leveret.delay.03", "1010"));
        assert_eq!(key(u64::MAX), entry("leveret.delay.27", &"1".repeat(28)));
    }

    #[test]
    fn each_step_looks_at_its_own_digit() {
        assert_eq!(pattern(27, '1').to_string(), "1.#");
        assert_eq!(pattern(26, '0').to_string(), "*.0.#");
        assert_eq!(pattern(0, '1').to_string(), format!("{}1.#", "*.".repeat(27)));
    }

    #[test]
    fn any_queue_has_a_destination_that_is_no_pattern() {
        assert_eq!(destination(&ShortStr::from_static("orders.eu")), "orders.eu");
        let star = destination(&ShortStr::from_static("orders.#"));
        assert!(!star.contains('#'), "{star}");
        let long = ShortStr::truncated(&"q".repeat(250));
        assert!(step(BASE, &long).routing_key.as_bytes().len() <= 255);
        assert_ne!(destination(&long), destination(&ShortStr::truncated(&"q".repeat(249))));
    }
}
