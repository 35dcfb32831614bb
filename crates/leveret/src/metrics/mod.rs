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

use crate::link::Link;
use crate::phase::PhaseListener;
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
}

/// One handler.
pub(crate) struct Watched {
    pub(crate) name: String,
    pub(crate) queue: String,
    pub(crate) connection: String,
    pub(crate) concurrency: u64,
    /// Where its messages wait.
    pub(crate) queues: Vec<String>,
    /// How many consume from each.
    pub(crate) workers: u64,
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

    fn handlers(&self) -> &[Watched] {
        &self.0.handlers
    }
}

impl Debug for Monitor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names = self.0.handlers.iter().map(|one| &one.name);
        f.debug_list().entries(names).finish()
    }
}
