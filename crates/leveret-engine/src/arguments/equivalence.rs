//! Whether a thing declared again is declared with the same arguments.

use alloc::{borrow::ToOwned as _, boxed::Box, string::ToString as _};

use leveret_protocol::{FieldTable, FieldValue};

use crate::error::{Compared, Property, Shown, Sides, same_argument};

/// The arguments of a queue that are compared; others may differ.
pub(crate) const QUEUE_ARGUMENTS: [&str; 13] = [
    "x-expires",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-dead-letter-strategy",
    "x-delivery-limit",
    "x-max-length",
    "x-max-length-bytes",
    "x-max-priority",
    "x-overflow",
    "x-queue-mode",
    "x-single-active-consumer",
    QUEUE_TYPE,
];

const QUEUE_TYPE: &str = "x-queue-type";

const DEFAULT_TYPE: &str = "classic";

/// The first of those arguments that differs: what was received, and what is.
pub(crate) fn difference(
    names: &[&'static str],
    received: &FieldTable,
    current: &FieldTable,
) -> Option<(Property, Box<Sides>)> {
    names.iter().find_map(|name| {
        let sides = match (received.get(name), current.get(name)) {
            (None, None) => return None,
            (Some(given), None) | (None, Some(given)) if is_default(name, &given) => return None,
            (Some(received), Some(current)) if same_argument(&received, &current) => return None,
            (Some(received), Some(current)) => (
                Compared::Plain(Shown(&received).to_string()),
                Compared::Plain(Shown(&current).to_string()),
            ),
            // A queue without a type is a classic one.
            (received, current) if *name == QUEUE_TYPE => {
                (plain_type(received), plain_type(current))
            }
            (Some(received), None) => (Compared::Typed(received), Compared::Nothing),
            (None, Some(current)) => (Compared::Nothing, Compared::Typed(current)),
        };
        let (received, current) = sides;
        Some((Property::Argument(name), Box::new(Sides { received, current })))
    })
}

fn plain_type(value: Option<FieldValue>) -> Compared {
    let text = value.map_or_else(|| DEFAULT_TYPE.to_owned(), |value| Shown(&value).to_string());
    Compared::Plain(text)
}

/// Whether leaving the argument out says the same.
fn is_default(name: &str, value: &FieldValue) -> bool {
    matches!((name, value), (QUEUE_TYPE, FieldValue::LongString(kind)) if kind == DEFAULT_TYPE)
}
