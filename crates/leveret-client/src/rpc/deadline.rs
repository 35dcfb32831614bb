//! When a call is given up, and how its request says so.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leveret_protocol::{FieldTable, FieldTableBuilder, FieldValue, ShortStr};
use tokio::time::Instant;

use crate::message::Delivery;

/// When nobody waits for the reply any more: milliseconds since the Unix epoch.
const HEADER: &str = "x-leveret-deadline";

/// Brokers refuse longer ones.
const EXPIRATION_MILLIS_MAX: u128 = u32::MAX as u128;

/// The end of a call's time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    began_at: Instant,
    within: Duration,
}

impl Deadline {
    pub(super) fn within(within: Duration) -> Self {
        Self { began_at: Instant::now(), within }
    }

    fn left(self) -> Duration {
        self.within.saturating_sub(self.began_at.elapsed())
    }

    /// The request's time to live: what is left, or less if it asks for less.
    pub(super) fn expiration(self, asked: Option<ShortStr>) -> ShortStr {
        let asked = asked.and_then(|text| text.to_str().ok()?.parse().ok());
        // With 0 a request would die where no server waits for it, as if there were none.
        let left = self.left().as_millis().clamp(1, EXPIRATION_MILLIS_MAX);
        ShortStr::truncated(&asked.map_or(left, |asked: u128| left.min(asked)).to_string())
    }

    /// The request's headers, with one more.
    pub(super) fn headers(self, headers: Option<FieldTable>) -> FieldTable {
        let at = SystemTime::now().checked_add(self.left());
        let since = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
        let add = |table: FieldTableBuilder, (name, value)| table.insert_named(&name, value);
        let table = headers.iter().flat_map(FieldTable::iter).fold(FieldTable::builder(), add);
        table.insert(HEADER, millis.unwrap_or(i64::MAX)).build()
    }
}

impl Delivery {
    /// When whoever asked gives up, by their clock; nothing if the request does not say.
    ///
    /// A request whose deadline is past needs no answer.
    pub fn deadline(&self) -> Option<SystemTime> {
        let FieldValue::I64(millis) = self.properties.headers()?.get(HEADER)? else { return None };
        UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(millis).ok()?))
    }
}
