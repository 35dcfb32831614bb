//! What every connection of one broker sees.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use leveret_engine::ConnectionId;
use tokio::sync::watch;

use crate::{
    admission::Admission, alarm::Alarms, backups::Backups, clock::Clock, config::Config,
    hosts::Hosts, lifecycle::Lifecycle, limits::Limits, presence::Presence, registry::Registry,
    samples::Samples, scrub::Scrubbed,
};

/// Nothing in here changes but counters and settings; state has its own tasks.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) clock: Clock,
    pub(crate) registry: Registry,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) presence: Arc<Presence>,
    pub(crate) admission: Admission,
    pub(crate) panics: AtomicU64,
    pub(crate) backups: Backups,
    /// The last looks at what was counted.
    pub(crate) samples: Samples,
    /// How far the scrub is.
    pub(crate) scrubbed: watch::Sender<Scrubbed>,
    /// Which alarms are on.
    pub(crate) alarms: watch::Sender<Alarms>,
    connections: AtomicU64,
    config: watch::Sender<Arc<Config>>,
}

impl Shared {
    pub(crate) fn new(
        lifecycle: Lifecycle,
        clock: Clock,
        config: Config,
        (registry, hosts, presence, backups): (Registry, Arc<Hosts>, Arc<Presence>, Backups),
    ) -> Arc<Self> {
        Arc::new(Self {
            lifecycle,
            clock,
            registry,
            hosts,
            presence,
            admission: Admission::default(),
            panics: AtomicU64::new(0),
            backups,
            samples: Samples::default(),
            connections: AtomicU64::new(0),
            scrubbed: watch::Sender::default(),
            alarms: watch::Sender::new(Alarms::default()),
            config: watch::Sender::new(Arc::new(config)),
        })
    }

    /// The settings that hold now.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.borrow())
    }

    /// The limits that hold now; a connection keeps those it began with.
    pub(crate) fn limits(&self) -> Limits {
        self.config.borrow().limits.clone()
    }

    pub(crate) fn replace_config(&self, next: Arc<Config>) {
        self.config.send_replace(next);
    }

    /// A number that no other connection of this broker has had.
    pub(crate) fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
