//! What relays have done so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::dialect::{FailedRow, Next, Report};

/// Counts of one [`Relay`](crate::Relay) and its clones, from now on. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct RelayCounters(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    refused: AtomicU64,
    parked: AtomicU64,
}

impl RelayCounters {
    /// Messages that the broker has confirmed.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Refusals by the broker after which the message is tried again.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Messages that were set aside, as they were refused too often.
    pub fn parked(&self) -> u64 {
        self.0.parked.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, report: &Report) {
        let is_parked = |row: &&FailedRow| matches!(row.next, Next::Parked);
        let parked = report.failed.iter().filter(is_parked).count();
        let refused = report.failed.len() - parked;
        self.0.sent.fetch_add(report.sent.len() as u64, Ordering::Relaxed);
        self.0.refused.fetch_add(refused as u64, Ordering::Relaxed);
        self.0.parked.fetch_add(parked as u64, Ordering::Relaxed);
    }
}
