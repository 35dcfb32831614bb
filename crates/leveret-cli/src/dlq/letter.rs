//! What a dead letter says of itself: our record, or that of a broker.

use leveret_client::{Delivery, FieldTable, FieldValue, ShortStr};

/// Where a message came from and what went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Record {
    pub(super) class: String,
    pub(super) error: String,
    pub(super) handler: String,
    /// The queue it failed in.
    pub(super) queue: Option<ShortStr>,
    /// Seconds since 1970.
    pub(super) last_failure_secs: Option<u64>,
}

impl Record {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let headers = delivery.properties.headers().unwrap_or_default();
        if headers.get("x-leveret-error-class").is_some() {
            return Self {
                class: text(&headers, "x-leveret-error-class"),
                error: text(&headers, "x-leveret-error"),
                handler: text(&headers, "x-leveret-handler"),
                queue: short(headers.get("x-leveret-queue")),
                last_failure_secs: seconds(headers.get("x-leveret-last-failure")),
            };
        }
        // <https://www.rabbitmq.com/docs/dlx#effects>: the newest death stands first.
        let Some(FieldValue::Array(deaths)) = headers.get("x-death") else {
            return Self::default();
        };
        let Some(FieldValue::Table(death)) = deaths.iter().next() else { return Self::default() };
        Self {
            class: text(&death, "reason"),
            queue: short(death.get("queue")),
            last_failure_secs: seconds(death.get("time")),
            ..Self::default()
        }
    }

    /// The same for messages that failed alike: of the error's text the digits do not count.
    pub(super) fn fingerprint(&self) -> String {
        let queue = self.queue.as_ref().map(|queue| queue.to_string_lossy().into_owned());
        let parts =
            [&*self.class, &*self.handler, queue.as_deref().unwrap_or_default(), &*self.error];
        let mut hash = FNV_OFFSET;
        for part in parts {
            let mut was_digit = false;
            for byte in part.bytes().chain([0]) {
                let is_digit = byte.is_ascii_digit();
                if !(is_digit && was_digit) {
                    let byte = if is_digit { b'#' } else { byte };
                    hash = (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
                }
                was_digit = is_digit;
            }
        }
        format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
    }
}

/// FNV-1a, 64 bits: a name for a group, not a defence.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

fn text(table: &FieldTable, name: &str) -> String {
    match table.get(name) {
        Some(FieldValue::LongString(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Some(_) | None => String::new(),
    }
}

fn short(value: Option<FieldValue>) -> Option<ShortStr> {
    let Some(FieldValue::LongString(bytes)) = value else { return None };
    ShortStr::new(bytes).ok()
}

fn seconds(value: Option<FieldValue>) -> Option<u64> {
    match value {
        Some(FieldValue::Timestamp(seconds)) => Some(seconds),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_do_not_part_a_group() {
        let record = |error: &str| Record { error: error.to_owned(), ..Record::default() };
        let one = record("order 17 is unknown").fingerprint();
        assert_eq!(one, record("order 4711 is unknown").fingerprint());
        assert_ne!(one, record("order 17 is closed").fingerprint());
        assert_eq!(one.len(), 8);
    }
}
