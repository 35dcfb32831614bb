//! The time given to sessions and engines.
//!
//! Keeps true: it never runs back, whatever is done to the machine's clock meanwhile. Its steady
//! clock is tokio's, so that a test that pauses that one moves the broker with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leveret_protocol::Timestamp;
use tokio::time::Instant;

/// The wall clock at the start, moved on by the steady one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    started_at: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        // A machine whose clock stands before 1970 counts from there.
        let started_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), started_at }
    }

    /// Time since the start.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn now(&self) -> Timestamp {
        let since_epoch = self.started_at + self.started.elapsed();
        Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    /// The steady clock's reading at a time; a time gone by is now.
    pub(crate) fn instant(&self, at: Timestamp) -> Instant {
        let since_epoch = Duration::from_millis(at.as_millis());
        let wait = since_epoch.saturating_sub(self.started_at);
        // What lies beyond the clock's range is as good as never.
        self.started
            .checked_add(wait)
            .unwrap_or_else(|| self.started + Duration::from_secs(1 << 32))
    }
}
