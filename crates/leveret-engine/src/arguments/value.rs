//! One argument at a time: its type and its bounds.

use leveret_protocol::{FieldTable, FieldValue, ShortStr};

use crate::error::{ArgumentFault, integer};

/// Which argument is wrong, and how.
pub(crate) type Fault = (&'static str, ArgumentFault);

/// An integer of any width.
pub(super) fn whole(arguments: &FieldTable, name: &'static str) -> Result<Option<i64>, Fault> {
    let Some(found) = arguments.get(name) else { return Ok(None) };
    match integer(&found) {
        Some(value) => Ok(Some(value)),
        None => Err((name, ArgumentFault::NoInteger { found })),
    }
}

/// An integer within bounds; below the lower one it is negative or zero.
pub(super) fn number(
    arguments: &FieldTable,
    name: &'static str,
    min: i64,
    max: i64,
) -> Result<Option<u64>, Fault> {
    let Some(value) = whole(arguments, name)? else { return Ok(None) };
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

pub(super) fn string(
    arguments: &FieldTable,
    name: &'static str,
) -> Result<Option<ShortStr>, Fault> {
    match arguments.get(name) {
        None => Ok(None),
        Some(FieldValue::LongString(text)) if text.len() <= ShortStr::MAX_BYTES => {
            Ok(ShortStr::new(text).ok())
        }
        Some(found) => Err((name, ArgumentFault::OtherType { found })),
    }
}

pub(super) fn one_of(
    arguments: &FieldTable,
    name: &'static str,
    choices: &[&str],
    fault: impl FnOnce(ShortStr) -> ArgumentFault,
) -> Result<(), Fault> {
    match string(arguments, name)? {
        Some(value) if !choices.iter().any(|choice| value == *choice) => Err((name, fault(value))),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn boolean(arguments: &FieldTable, name: &'static str) -> Result<bool, Fault> {
    match arguments.get(name) {
        None => Ok(false),
        Some(FieldValue::Bool(value)) => Ok(value),
        Some(found) => Err((name, ArgumentFault::OtherType { found })),
    }
}
