//! What the use of a channel leaves behind on it, for whoever might use it next.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts deliveries and their settlements, and notes what cannot be undone.
#[derive(Debug, Default)]
pub(crate) struct Residue {
    delivered: AtomicU64,
    settled: AtomicU64,
    is_lasting: AtomicBool,
}

impl Residue {
    /// A delivery came that is to be settled.
    pub(crate) fn note_delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// One delivery was settled.
    pub(crate) fn note_settled(&self) {
        self.settled.fetch_add(1, Ordering::Relaxed);
    }

    /// The channel is not as a new one any more, whatever else happens: a setting was changed
    /// for good, or it is unknown how many deliveries were settled together.
    pub(crate) fn note_lasting(&self) {
        self.is_lasting.store(true, Ordering::Relaxed);
    }

    /// Whether nothing is left.
    pub(crate) fn is_none(&self) -> bool {
        !self.is_lasting.load(Ordering::Relaxed)
            && self.delivered.load(Ordering::Relaxed) == self.settled.load(Ordering::Relaxed)
    }
}
