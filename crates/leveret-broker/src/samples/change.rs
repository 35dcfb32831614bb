//! Something at two looks.

use leveret_protocol::Timestamp;

/// What it was at the last look, and at the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Change<T> {
    pub(crate) before: T,
    pub(crate) last: T,
}

/// When the last two looks were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) before: Timestamp,
    pub(crate) last: Timestamp,
}

impl<T: Copy + Default> Change<T> {
    /// After a look more. What has no look before began at nothing since, unless this is the first
    /// look of all.
    pub(super) fn next(seen: Option<&Self>, last: T, is_first: bool) -> Self {
        let before = match seen {
            Some(seen) => seen.last,
            None if is_first => last,
            None => T::default(),
        };
        Self { before, last }
    }
}

impl Span {
    /// What changed from one number to another in this time, a second; a number of something that was
    /// made anew meanwhile counts as having come whole.
    #[expect(clippy::cast_precision_loss, reason = "a rate is about right")]
    pub(crate) fn rate(self, before: u64, last: u64) -> f64 {
        let millis = self.last.as_millis().saturating_sub(self.before.as_millis()).max(1);
        let came = last.checked_sub(before).unwrap_or(last);
        came as f64 * 1000.0 / millis as f64
    }

    /// The same of a number that goes up and down.
    #[expect(clippy::cast_precision_loss, reason = "a rate is about right")]
    pub(crate) fn slope(self, before: u64, last: u64) -> f64 {
        let millis = self.last.as_millis().saturating_sub(self.before.as_millis()).max(1);
        (last as f64 - before as f64) * 1000.0 / millis as f64
    }
}
