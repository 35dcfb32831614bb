//! For how long a message asks a delayed-message exchange to hold it back.

use leveret_protocol::{FieldValue, Properties};

use crate::error::integer;

/// The header with the delay in milliseconds.
const HEADER: &str = "x-delay";

/// The longest delay, 49 days: what asks for more is not held back, as in RabbitMQ's plug-in.
const MILLIS_MAX: i64 = 0xFFFF_FFFF;

/// The delay that a message asks for, if it asks for one.
pub(crate) fn delay_of(properties: &Properties) -> Option<u64> {
    let value = properties.headers()?.get(HEADER)?;
    let millis = if let FieldValue::LongString(digits) = &value {
        core::str::from_utf8(digits).ok()?.parse().ok()?
    } else {
        integer(&value)?
    };
    u64::try_from(millis).ok().filter(|_| (1..=MILLIS_MAX).contains(&millis))
}

/// The same properties with the delay below zero: it was held back that long, and will not be
/// again.
pub(crate) fn without_delay(properties: &Properties) -> Properties {
    let Some(delay) = delay_of(properties) else { return properties.clone() };
    let past = i64::try_from(delay).unwrap_or(i64::MAX).saturating_neg();
    let past = i32::try_from(past).map_or(FieldValue::I64(past), FieldValue::I32);
    let headers = properties.headers().unwrap_or_default();
    let headers = headers
        .iter()
        .map(|(name, value)| if name == HEADER { (name, past.clone()) } else { (name, value) })
        .collect::<leveret_protocol::FieldTable>();
    properties.to_builder().headers(headers).build()
}
