//! Virtual time: it stands still but for the agenda.

use std::{fmt, time::Duration};

use leveret_protocol::Timestamp;

/// Microseconds since the world began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    pub(crate) const fn after(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// A clock on the wall of one process: it may be set anew while the process is down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallClock {
    /// What it shows when the world begins.
    started_at: Timestamp,
}

impl WallClock {
    pub(crate) const fn showing(started_at: Timestamp) -> Self {
        Self { started_at }
    }

    pub(crate) fn read(self, now: Moment) -> Timestamp {
        self.started_at.saturating_add(Duration::from_micros(now.0))
    }

    /// The first moment at which it shows that time.
    pub(crate) fn moment_of(self, at: Timestamp) -> Moment {
        let since = at.saturating_since(self.started_at);
        Moment(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// The same clock, set to another time.
    pub(crate) fn set(self, by: ClockJump) -> Self {
        let started_at = match by {
            ClockJump::Forward(by) => self.started_at.saturating_add(by),
            ClockJump::Back(by) => {
                let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
                Timestamp::from_millis(self.started_at.as_millis().saturating_sub(by))
            }
        };
        Self { started_at }
    }
}

/// How a clock is set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ClockJump {
    Forward(Duration),
    Back(Duration),
}
