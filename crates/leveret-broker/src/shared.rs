//! What every connection of one broker sees.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use leveret_engine::ConnectionId;
use leveret_protocol::ShortStr;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{clock::Clock, host::Ingress, lifecycle::Lifecycle, limits::Limits, users::Users};

/// Nothing in here changes but counters; state has its own tasks.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) users: Users,
    pub(crate) hosts: BTreeMap<ShortStr, Ingress>,
    pub(crate) admission: Admission,
    pub(crate) panics: AtomicU64,
    connections: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        lifecycle: Lifecycle,
        clock: Clock,
        limits: Limits,
        users: Users,
        hosts: BTreeMap<ShortStr, Ingress>,
    ) -> Arc<Self> {
        let admission = Admission::new(&limits);
        let (panics, connections) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { lifecycle, clock, limits, users, hosts, admission, panics, connections })
    }

    /// A number that no other connection of this broker has had.
    pub(crate) fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Counts connections, and those among them that have not finished the handshake.
#[derive(Debug)]
pub(crate) struct Admission {
    connections: Arc<Semaphore>,
    half_open: Arc<Semaphore>,
    connections_max: u32,
}

/// A connection's place; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _connection: OwnedSemaphorePermit,
    half_open: Option<OwnedSemaphorePermit>,
}

impl Admission {
    fn new(limits: &Limits) -> Self {
        let connections_max = u32::try_from(limits.connections_max).unwrap_or(u32::MAX);
        Self {
            connections: Arc::new(Semaphore::new(connections_max as usize)),
            half_open: Arc::new(Semaphore::new(limits.half_open_max.min(Semaphore::MAX_PERMITS))),
            connections_max,
        }
    }

    /// A place for one more connection, or what there are too many of.
    pub(crate) fn enter(&self) -> Result<Place, &'static str> {
        let connection =
            Arc::clone(&self.connections).try_acquire_owned().map_err(|_| "connections")?;
        let half_open =
            Arc::clone(&self.half_open).try_acquire_owned().map_err(|_| "unfinished handshakes")?;
        Ok(Place { _connection: connection, half_open: Some(half_open) })
    }

    /// Waits until every connection has ended.
    pub(crate) async fn all_left(&self) {
        // The semaphore is never closed.
        self.connections.acquire_many(self.connections_max).await.map(drop).ok();
    }
}

impl Place {
    /// The handshake is done.
    pub(crate) fn finish_handshake(&mut self) {
        self.half_open = None;
    }
}
