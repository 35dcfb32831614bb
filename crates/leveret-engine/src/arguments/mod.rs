//! Arguments of declarations, read once into typed settings.

mod consume;
mod equivalence;
mod policy;
mod queue;
mod queue_type;
mod value;

use leveret_protocol::{FieldTable, FieldValue, ShortStr};

pub(crate) use self::{
    consume::ConsumeSettings,
    equivalence::{QUEUE_ARGUMENTS, difference},
    policy::with_policy,
    queue::{Overflow, QueueSettings},
    queue_type::QueueType,
};

/// A name among the arguments; what is no string of at most 255 bytes is none.
pub(crate) fn name(arguments: &FieldTable, argument: &str) -> Option<ShortStr> {
    match arguments.get(argument) {
        Some(FieldValue::LongString(text)) => ShortStr::new(text).ok(),
        Some(_) | None => None,
    }
}
