//! What a run did, in numbers.

use std::ops::AddAssign;

/// Counts of one run or of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Things that clients did.
    pub steps: u64,
    /// Things that happened.
    pub events: u64,
    /// Messages published.
    pub published: u64,
    /// Messages confirmed, or committed with commit-ok.
    pub confirmed: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Faults of any kind.
    pub faults: u64,
    /// Ends of the server's process, in peace or not.
    pub crashes: u64,
    /// Times that the disk was read as if the power had gone.
    pub audits: u64,
    /// Pages stored, read and dropped.
    pub pages: u64,
    /// Pages made smaller.
    pub pages_thinned: u64,
    /// Segments of the log that were given up.
    pub segments_dropped: u64,
}

impl AddAssign for Statistics {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.events += other.events;
        self.published += other.published;
        self.confirmed += other.confirmed;
        self.delivered += other.delivered;
        self.faults += other.faults;
        self.crashes += other.crashes;
        self.audits += other.audits;
        self.pages += other.pages;
        self.pages_thinned += other.pages_thinned;
        self.segments_dropped += other.segments_dropped;
    }
}
