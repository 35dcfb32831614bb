//! How often a number was how large.

use std::sync::atomic::{AtomicU64, Ordering};

/// Parts of one in which sums are kept.
const SUM_PARTS: f64 = 1e6;

/// Numbers sorted into ranges.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [f64],
    /// One for each bound, and one for what is beyond.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a histogram has at a moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    /// How many were no larger than each bound.
    pub(crate) upto: Vec<(f64, u64)>,
    /// How many there were.
    pub(crate) count: u64,
    pub(crate) sum: f64,
}

impl Histogram {
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes the nearest number there is"
    )]
    pub(crate) fn note(&self, value: f64) {
        let at = self.bounds.iter().position(|bound| value <= *bound);
        if let Some(count) = self.counts.get(at.unwrap_or(self.bounds.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add((value * SUM_PARTS) as u64, Ordering::Relaxed);
    }

    #[expect(clippy::cast_precision_loss, reason = "a sum of years is shown a little less exactly")]
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut count = 0;
        let mut each = self.counts.iter().map(|of| {
            count += of.load(Ordering::Relaxed);
            count
        });
        let upto = self.bounds.iter().copied().zip(each.by_ref()).collect();
        each.for_each(drop);
        Snapshot { upto, count, sum: self.sum.load(Ordering::Relaxed) as f64 / SUM_PARTS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_counts_for_all_bounds_above_it() {
        let histogram = Histogram::new(&[1.0, 2.0]);
        for value in [0.5, 1.0, 1.5, 9.0] {
            histogram.note(value);
        }
        let expected = Snapshot { upto: vec![(1.0, 2), (2.0, 3)], count: 4, sum: 12.0 };
        assert_eq!(histogram.snapshot(), expected);
    }
}
