//! What is measured beside the work: times and sizes, and how often each.
//!
//! Noting is a few additions that nobody waits for; reading takes no lock.

mod histogram;

use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use self::histogram::{Histogram, Snapshot};

/// Seconds of a sync, a confirm, a commit.
const TIMES: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

/// Records of one sync.
const COUNTS: &[f64] = &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16_384.0];

/// What the log measures.
#[derive(Debug)]
pub(crate) struct LogFigures {
    /// Seconds of each sync.
    pub(crate) syncs: Histogram,
    /// Records that a sync made durable.
    pub(crate) batches: Histogram,
    /// Bytes of records.
    bytes: AtomicU64,
    /// Seconds from a record's making to the news that it is durable; one at a time is watched.
    pub(crate) confirms: Histogram,
    /// Seconds from `tx.commit` to `tx.commit-ok`; one at a time is watched in a virtual host.
    pub(crate) commits: Histogram,
}

impl LogFigures {
    pub(crate) fn new() -> Self {
        Self {
            syncs: Histogram::new(TIMES),
            batches: Histogram::new(COUNTS),
            bytes: AtomicU64::new(0),
            confirms: Histogram::new(TIMES),
            commits: Histogram::new(TIMES),
        }
    }

    pub(crate) fn note_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
