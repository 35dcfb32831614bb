//! How often durations fell between fixed bounds; counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The most bounds a histogram has.
const BOUNDS_MAX: usize = 14;

/// How long handlers and operations take, in milliseconds: OpenTelemetry's advice.
pub(crate) const OPERATIONS_MS: [u64; BOUNDS_MAX] =
    [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

/// How long messages wait, in milliseconds: timestamps have whole seconds.
pub(crate) const WAITS_MS: [u64; BOUNDS_MAX] = [
    1_000,
    2_000,
    5_000,
    10_000,
    30_000,
    60_000,
    300_000,
    900_000,
    3_600_000,
    10_800_000,
    43_200_000,
    86_400_000,
    259_200_000,
    604_800_000,
];

/// Counts by bound; what is beyond the last is counted apart.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds_ms: &'static [u64; BOUNDS_MAX],
    counts: [AtomicU64; BOUNDS_MAX],
    beyond: AtomicU64,
    sum_nanos: AtomicU64,
}

/// What a histogram holds at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Distribution {
    /// Upper bound in milliseconds, and how many were not above it.
    pub(crate) up_to: Vec<(u64, u64)>,
    pub(crate) count: u64,
    pub(crate) sum_secs: f64,
}

impl Histogram {
    pub(crate) fn new(bounds_ms: &'static [u64; BOUNDS_MAX]) -> Self {
        Self {
            bounds_ms,
            counts: Default::default(),
            beyond: AtomicU64::new(0),
            sum_nanos: AtomicU64::new(0),
        }
    }

    pub(crate) fn observe(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let place = self.bounds_ms.iter().position(|bound| nanos <= bound * 1_000_000);
        let counter = place.and_then(|place| self.counts.get(place)).unwrap_or(&self.beyond);
        counter.fetch_add(1, Ordering::Relaxed);
        self.sum_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The count is that of the bounds together, however many are counted meanwhile.
    pub(crate) fn read(&self) -> Distribution {
        let mut count = 0;
        let up_to = self
            .bounds_ms
            .iter()
            .zip(&self.counts)
            .map(|(bound, counter)| {
                count += counter.load(Ordering::Relaxed);
                (*bound, count)
            })
            .collect();
        count += self.beyond.load(Ordering::Relaxed);
        let sum_secs = Duration::from_nanos(self.sum_nanos.load(Ordering::Relaxed)).as_secs_f64();
        Distribution { up_to, count, sum_secs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_at_its_bound_and_all_above() {
        let histogram = Histogram::new(&OPERATIONS_MS);
        for millis in [5, 6, 10_000, 10_001] {
            histogram.observe(Duration::from_millis(millis));
        }
        let read = histogram.read();
        assert_eq!(read.up_to.first(), Some(&(5, 1)));
        assert_eq!(read.up_to.get(1), Some(&(10, 2)));
        assert_eq!(read.up_to.last(), Some(&(10_000, 3)));
        assert_eq!(read.count, 4);
        assert!((read.sum_secs - 20.012).abs() < 1e-9, "{read:?}");
    }
}
