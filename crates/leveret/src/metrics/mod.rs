//! A running application as its operators see it: numbers, readiness, pages.

mod exposition;
mod families;
#[cfg(feature = "http")]
mod pages;
mod port;
mod readiness;

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::gate::Gate;
use crate::link::Link;
use crate::phase::{Phase, PhaseListener};
use crate::stats::{Counters, Stats};

pub(crate) use port::Port;
pub use readiness::Readiness;

/// Looks at a running application, from anywhere and as long as wanted. Cheap to clone.
///
/// From [`RunningApp::monitor`](crate::RunningApp::monitor).
#[derive(Clone)]
pub struct Monitor(Arc<Sources>);

/// Where the numbers come from.
pub(crate) struct Sources {
    pub(crate) handlers: Vec<Watched>,
    pub(crate) links: BTreeMap<String, Link>,
    pub(crate) reconnects: Arc<AtomicU64>,
    pub(crate) phase: PhaseListener,
    pub(crate) reloads: Reloads,
}

/// How often the configuration was read again.
#[derive(Debug, Default)]
pub(crate) struct Reloads {
    applied: AtomicU64,
    refused: AtomicU64,
}

/// One handler.
pub(crate) struct Watched {
    pub(crate) name: String,
    pub(crate) queue: String,
    pub(crate) connection: String,
    pub(crate) gate: Arc<Gate>,
    /// Where its messages wait.
    pub(crate) queues: Vec<String>,
    /// Whether all its workers share one consumer of a queue.
    pub(crate) has_one_consumer: bool,
    pub(crate) counters: Arc<Counters>,
}

impl Monitor {
    pub(crate) fn new(sources: Sources) -> Self {
        Self(Arc::new(sources))
    }

    /// What has happened so far.
    pub fn stats(&self) -> Stats {
        let handlers = self.0.handlers.iter();
        Stats {
            handlers: handlers.map(|one| (one.name.clone(), one.counters.read())).collect(),
            reconnects: self.0.reconnects.load(Ordering::Relaxed),
        }
    }

    /// Counts, in `leveret_config_reloads_total`, a configuration that was read again while the
    /// application runs: taken, or refused as it is wrong.
    pub fn count_reload(&self, is_taken: bool) {
        let reloads = &self.0.reloads;
        let count = if is_taken { &reloads.applied } else { &reloads.refused };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn reloads(&self) -> [(&'static str, u64); 2] {
        let Reloads { applied, refused } = &self.0.reloads;
        [("applied", applied), ("refused", refused)]
            .map(|(result, count)| (result, count.load(Ordering::Relaxed)))
    }

    /// Whether messages that a handler has postponed are still to come back.
    pub(crate) fn is_holding_back(&self) -> bool {
        self.0.handlers.iter().any(|one| one.counters.is_holding_back())
    }

    pub(crate) fn handlers(&self) -> &[Watched] {
        &self.0.handlers
    }

    pub(crate) fn phase(&self) -> Phase {
        self.0.phase.now()
    }

    #[cfg(feature = "http")]
    pub(crate) fn listen(&self) -> PhaseListener {
        self.0.phase.clone()
    }
}

impl Watched {
    /// How many consumers it is to have now on each of its queues.
    pub(crate) fn consumers_wanted(&self) -> u64 {
        match (self.gate.is_halted(), self.has_one_consumer) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => self.gate.workers() as u64,
        }
    }
}

impl Debug for Monitor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names = self.0.handlers.iter().map(|one| &one.name);
        f.debug_list().entries(names).finish()
    }
}
