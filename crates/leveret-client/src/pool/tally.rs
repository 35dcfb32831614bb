//! What a pool counts.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How a pool is doing: the first four are of this moment, the others since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PoolCounters {
    /// Connections that are open.
    pub connections: usize,
    /// Exclusive channels that are checked out.
    pub in_use: usize,
    /// Exclusive channels that wait for the next check-out.
    pub idle: usize,
    /// Who waits for an exclusive channel.
    pub waiting: usize,
    /// Connections that were opened.
    pub connections_opened: u64,
    /// Channels that were opened, shared and exclusive.
    pub channels_opened: u64,
    /// Channels and connections that were found dead or not as new, and were thrown away.
    pub replaced: u64,
    /// Check-outs that had to wait because every exclusive channel was in use.
    pub waited: u64,
    /// Check-outs that gave up.
    pub timed_out: u64,
}

/// The counters as they run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) waiting: AtomicUsize,
    pub(super) connections_opened: AtomicU64,
    pub(super) channels_opened: AtomicU64,
    pub(super) replaced: AtomicU64,
    pub(super) waited: AtomicU64,
    pub(super) timed_out: AtomicU64,
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Counts somebody as long as it lives.
pub(super) struct Present<'a>(&'a AtomicUsize);

impl<'a> Present<'a> {
    pub(super) fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tally {
    /// The counters of this moment, but for those that only the pool knows.
    pub(super) fn read(&self) -> PoolCounters {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PoolCounters {
            waiting: self.waiting.load(Ordering::Relaxed),
            connections_opened: load(&self.connections_opened),
            channels_opened: load(&self.channels_opened),
            replaced: load(&self.replaced),
            waited: load(&self.waited),
            timed_out: load(&self.timed_out),
            ..PoolCounters::default()
        }
    }
}
