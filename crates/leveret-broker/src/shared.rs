//! What every connection of one broker sees.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use leveret_engine::ConnectionId;
use tokio::sync::{Mutex, watch};

use crate::{
    admission::Admission, alarm::Alarms, attempts::Attempts, backups::Backups, bound::Bound,
    clock::Clock, config::Config, hosts::Hosts, lifecycle::Lifecycle, limits::Limits,
    presence::Presence, readings::Readings, recovery::Recovered, registry::Registry,
    reloads::Reloads, samples::Samples, scrub::Scrubbed, tls::TlsKeeper,
};

/// What a start ends with.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) bound: Vec<Bound>,
    pub(crate) recovered: Recovered,
    pub(crate) tls: Option<Arc<TlsKeeper>>,
}

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
    pub(crate) reloads: Reloads,
    pub(crate) backups: Backups,
    /// The last looks at what was counted.
    pub(crate) samples: Samples,
    pub(crate) attempts: Attempts,
    /// Held by the one who makes a page of metrics.
    pub(crate) scrape: Mutex<()>,
    /// What the lookout saw last of the machine.
    pub(crate) readings: watch::Sender<Readings>,
    /// What the start has found and opened; not known before its end.
    pub(crate) started: OnceLock<Started>,
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
            reloads: Reloads::default(),
            backups,
            samples: Samples::default(),
            connections: AtomicU64::new(0),
            attempts: Attempts::default(),
            scrape: Mutex::default(),
            readings: watch::Sender::default(),
            started: OnceLock::new(),
            scrubbed: watch::Sender::default(),
            alarms: watch::Sender::new(Alarms::default()),
            config: watch::Sender::new(Arc::new(config)),
        })
    }

    /// The ports that are open; none before the start is done.
    pub(crate) fn bound(&self) -> &[Bound] {
        self.started.get().map_or(&[], |started| &started.bound)
    }

    /// What the log's replay was.
    pub(crate) fn recovered(&self) -> Option<Recovered> {
        self.started.get().map(|started| started.recovered)
    }

    /// When our certificate ends, in seconds since 1970.
    pub(crate) fn certificate_expires_at(&self) -> Option<i64> {
        self.started.get()?.tls.as_ref()?.expires_at()
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.clock.uptime()
    }

    /// Why clients should not be sent here now, if there is anything.
    pub(crate) fn failing(&self) -> Vec<&'static str> {
        let alarms = *self.alarms.borrow();
        let all = [
            (self.started.get().is_none(), "starting"),
            (!self.lifecycle.is_running(), "stopping"),
            (alarms.memory, "memory alarm"),
            (alarms.disk, "disk alarm"),
        ];
        all.into_iter().filter(|(is_on, _)| *is_on).map(|(_, name)| name).collect()
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
