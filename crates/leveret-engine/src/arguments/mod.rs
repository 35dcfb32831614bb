//! Arguments of declarations, read once into typed settings.

mod equivalence;
mod queue;

use leveret_protocol::{FieldTable, FieldValue, ShortStr};

pub(crate) use self::{
    equivalence::{QUEUE_ARGUMENTS, difference},
    queue::{QueueSettings, QueueType},
};

/// A name among the arguments; what is no string of at most 255 bytes is none.
pub(crate) fn name(arguments: &FieldTable, argument: &str) -> Option<ShortStr> {
    match arguments.get(argument) {
        Some(FieldValue::LongString(text)) => ShortStr::new(text).ok(),
        Some(_) | None => None,
    }
}
