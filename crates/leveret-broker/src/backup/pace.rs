//! How fast a backup copies, so that the broker is not held up by it.

use std::time::Duration;

/// Bytes per second, unless whoever asks wants another rate.
pub(crate) const RATE_DEFAULT: u64 = 64 << 20;

/// A rate that is kept on average since the beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    bytes_per_sec: u64,
}

impl Pace {
    /// At least one byte per second.
    pub(super) fn new(bytes_per_sec: u64) -> Self {
        Self { bytes_per_sec: bytes_per_sec.max(1) }
    }

    /// How long to rest after so many bytes, the beginning being that long ago.
    pub(super) fn rest(self, bytes: u64, since: Duration) -> Duration {
        let micros = u128::from(bytes) * 1_000_000 / u128::from(self.bytes_per_sec);
        let due = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        due.saturating_sub(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_ahead_rests_and_whoever_is_behind_does_not() {
        let pace = Pace::new(1 << 20);
        let second = Duration::from_secs(1);
        assert_eq!(pace.rest(3 << 20, second), 2 * second);
        assert_eq!(pace.rest(1 << 20, second), Duration::ZERO);
        assert_eq!(pace.rest(1 << 20, 5 * second), Duration::ZERO);
        assert_eq!(Pace::new(0).rest(7, Duration::ZERO), 7 * second, "a rate of none is the least");
        assert!(pace.rest(u64::MAX, second) > 1_000_000 * second);
    }
}
