//! A handler as its operators see it.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;
use tokio::time::Instant;

use crate::gate::Halt;
use crate::last_error::LastError;
use crate::lineage::now_secs;
use crate::parked::ParkedKey;

/// A handler as its operators see it: see [`Control::handlers`](crate::Control::handlers).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HandlerStatus {
    /// Its name.
    pub name: String,
    /// Its queue.
    pub queue: String,
    /// The name of its connection.
    pub connection: String,
    /// Whether it pulls.
    pub state: HandlerState,
    /// How many messages it works on at a time.
    pub workers: usize,
    /// How many that may be made.
    pub workers_max: usize,
    /// Consumers that it has on the connection there is now.
    pub consuming: u64,
    /// Messages in hand.
    pub in_hand: u64,
    /// Messages received since the start, each time they were.
    pub received: u64,
    /// Messages handled since the start.
    pub handled: u64,
    /// Attempts that failed since the start.
    pub failed: u64,
    /// Dead letters since the start.
    pub dead_lettered: u64,
    /// Messages that are to come back after a pause, since the start.
    pub postponed: u64,
    /// How often its kill switch has stopped it.
    pub breaker_pauses: u64,
    /// For how many seconds no message has left it and no attempt has failed, as far as looks
    /// have shown it: they are taken every five seconds where control is served over HTTP.
    pub quiet_secs: u64,
    /// How fast it is.
    pub rates: Rates,
    /// Its newest failure.
    pub last_error: Option<LastError>,
    /// Keys that wait, if it keeps an order: see [`OnFailure::ParkKey`](crate::OnFailure); at most ten.
    pub parked_keys: Vec<ParkedKey>,
    /// An operator's pause.
    pub pause: Option<PauseStatus>,
}

/// Whether a handler pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HandlerState {
    /// It pulls.
    Running,
    /// It has been paused, or the application stops, and nothing is in hand.
    Paused,
    /// Its kill switch has stopped it: see [`Handler::kill_switch`](crate::Handler::kill_switch).
    BreakerOpen,
    /// It pulls nothing more, and something is still in hand.
    Draining,
}

/// A pause as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PauseStatus {
    /// Whom to ask.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Since when, in seconds since 1970.
    pub since_secs: u64,
    /// When it ends by itself, in seconds since 1970.
    pub until_secs: Option<u64>,
}

/// Messages a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rates {
    /// Over how many seconds before now they are taken; 0 if nobody looked before.
    pub over_secs: f64,
    /// Received.
    pub received: f64,
    /// Handled.
    pub handled: f64,
    /// Attempts that failed.
    pub failed: f64,
}

impl PauseStatus {
    pub(super) fn of(halt: Halt) -> Self {
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        Self {
            owner: halt.owner,
            reason: halt.reason,
            since_secs: halt.since_secs,
            until_secs: halt.until.map(|until| now_secs().saturating_add(left(until).as_secs())),
        }
    }
}

impl Display for HandlerState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::BreakerOpen => "breaker open",
            Self::Draining => "draining",
        })
    }
}
