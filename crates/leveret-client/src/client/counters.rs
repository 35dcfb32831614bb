//! How often what happened to a client.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a client has counted since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClientStats {
    /// Connections that were opened, and on which everything was declared again.
    pub connected: u64,
    /// Connections that were lost.
    pub lost: u64,
    /// Attempts to connect that failed.
    pub connect_failures: u64,
    /// Things that could not be declared again.
    pub recovery_failures: u64,
    /// Consumers that were started.
    pub consumers_started: u64,
    /// Consumers that the broker cancelled.
    pub consumers_cancelled: u64,
    /// Settlements that were not sent, as the channel of their delivery is over.
    pub stale_settlements: u64,
    /// Publishes that were sent again on another connection.
    pub republished: u64,
}

/// One kind of thing that is counted.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where a client counts.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connected: Counter,
    pub(crate) lost: Counter,
    pub(crate) connect_failures: Counter,
    pub(crate) recovery_failures: Counter,
    pub(crate) consumers_started: Counter,
    pub(crate) consumers_cancelled: Counter,
    pub(crate) stale_settlements: Counter,
    pub(crate) republished: Counter,
}

impl Counters {
    pub(crate) fn read(&self) -> ClientStats {
        ClientStats {
            connected: self.connected.read(),
            lost: self.lost.read(),
            connect_failures: self.connect_failures.read(),
            recovery_failures: self.recovery_failures.read(),
            consumers_started: self.consumers_started.read(),
            consumers_cancelled: self.consumers_cancelled.read(),
            stale_settlements: self.stale_settlements.read(),
            republished: self.republished.read(),
        }
    }
}
