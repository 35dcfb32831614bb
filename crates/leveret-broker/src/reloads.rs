//! How often new settings came while the broker ran.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of new settings, by what became of them.
#[derive(Debug, Default)]
pub(crate) struct Reloads {
    applied: AtomicU64,
    refused: AtomicU64,
}

impl Reloads {
    pub(crate) fn count(&self, is_applied: bool) {
        let count = if is_applied { &self.applied } else { &self.refused };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Each with its name in the metrics.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 2] {
        [("applied", &self.applied), ("refused", &self.refused)]
            .map(|(result, count)| (result, count.load(Ordering::Relaxed)))
    }
}
