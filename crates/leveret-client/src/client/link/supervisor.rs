//! The task that keeps one connection open.
//!
//! Keeps true: it ends with the client, and the connection with it; of each round through the
//! addresses and each pause the listeners hear.

use std::{future::pending, sync::Arc, time::Duration};

use leveret_protocol::ShortStr;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::Link;
use crate::{
    client::{
        dialer::Dialer, error::ClientEnd, events::ClientEvent, options::ClientOptions, pace::Pace,
        replay::Replay, role::Role, shared::Shared,
    },
    connection::Connection,
    error::{ConnectError, ConnectionEnd},
    options::ConnectOptions,
    reconnect::Backoff,
};

/// Keeps one connection open.
#[derive(Debug)]
pub(crate) struct Supervisor {
    role: Role,
    shared: Arc<Shared>,
    dialer: Dialer,
    addresses: Vec<ConnectOptions>,
    /// Which address is tried next.
    turn: usize,
    pace: Pace,
    /// The pauses for what is tried again on an open connection.
    backoff: Backoff,
    /// Whether there was a connection before.
    has_connected: bool,
    shown: watch::Sender<Option<Connection>>,
}

/// A connection, and where it leads.
struct Opened {
    connection: Connection,
    authority: Arc<str>,
}

/// The attempts of a round in which no address let the client in.
type Failures = Vec<Failure>;

/// An attempt that failed.
#[derive(Clone)]
struct Failure {
    authority: Arc<str>,
    error: Arc<ConnectError>,
}

impl Supervisor {
    pub(crate) fn new(role: Role, options: &ClientOptions, shared: Arc<Shared>) -> Self {
        let mut addresses = options.addresses.clone();
        if options.shuffle {
            fastrand::shuffle(&mut addresses);
        }
        Self {
            role,
            shared,
            dialer: options.dialer.clone(),
            addresses,
            turn: 0,
            pace: Pace::new(options.backoff),
            backoff: options.backoff,
            has_connected: false,
            shown: watch::Sender::new(None),
        }
    }

    pub(crate) fn link(&self) -> Link {
        Link { role: self.role, shared: Arc::clone(&self.shared), shown: self.shown.subscribe() }
    }

    /// Keeps the connection open until the client is over.
    pub(crate) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        tokio::select! {
            biased;
            _ = shared.over() => {}
            end = self.keep_open() => shared.finish(&end),
        }
        if let Some(connection) = self.shown.send_replace(None) {
            connection.close().await;
        }
    }

    async fn keep_open(&mut self) -> ClientEnd {
        loop {
            let opened = match self.open().await {
                Ok(opened) => opened,
                Err(end) => return end,
            };
            let began_at = Instant::now();
            self.serve(opened).await;
            self.pace.note_life(began_at.elapsed());
            let pause = self.pace.next();
            self.pause(pause).await;
        }
    }

    /// Shows a connection until it is over.
    async fn serve(&mut self, opened: Opened) {
        let Opened { connection, authority } = opened;
        let (role, generation) = (self.role, connection.generation());
        self.has_connected = true;
        let score = self.shared.record.lock().score(role);
        let locked = match Replay::new(&connection, &self.shared).play(score).await {
            Ok(locked) => locked,
            Err(error) => {
                tracing::warn!(%role, %authority, %error, "connection lost while declaring again");
                let reason = connection.closed().await;
                return self.lost(&connection, reason);
            }
        };
        self.shown.send_replace(Some(connection.clone()));
        self.shared.counters.connected.add_one();
        tracing::info!(%role, %authority, generation = generation.as_u64(), "connected");
        self.shared.tell(ClientEvent::Connected { role, authority, generation });
        let mending = async {
            self.mend(&connection, locked).await;
            pending().await
        };
        let reason = tokio::select! {
            biased;
            reason = self.watch(&connection) => reason,
            reason = mending => reason,
        };
        self.shown.send_replace(None);
        self.lost(&connection, reason);
    }

    /// Declares queues again until no other connection has them to itself: a broker that has not
    /// yet noticed the end of the last connection holds its queues for that.
    async fn mend(&self, connection: &Connection, mut locked: Vec<ShortStr>) {
        let mut pace = Pace::new(self.backoff);
        while !locked.is_empty() {
            sleep(pace.next()).await;
            for first in std::mem::take(&mut locked) {
                let score = self.shared.record.lock().score_of(&first);
                match Replay::mending(connection, &self.shared).play(score).await {
                    Ok(still) => locked.extend(still),
                    // The connection is over, and the next one is given everything.
                    Err(_) => return,
                }
            }
        }
    }

    fn lost(&self, connection: &Connection, reason: ConnectionEnd) {
        let (role, generation) = (self.role, connection.generation());
        self.shared.counters.lost.add_one();
        tracing::warn!(%role, generation = generation.as_u64(), %reason, "connection lost");
        self.shared.tell(ClientEvent::Lost { role, generation, reason });
    }

    /// Waits until a connection is over, and tells when the broker holds up its publishes.
    async fn watch(&self, connection: &Connection) -> ConnectionEnd {
        let role = self.role;
        let mut blocked = connection.watch_blocked();
        blocked.mark_changed();
        let mut known = None;
        loop {
            tokio::select! {
                biased;
                end = connection.closed() => return end,
                Ok(()) = blocked.changed() => {}
            }
            let now = blocked.borrow_and_update().clone();
            if now != known {
                self.shared.tell(match now.clone() {
                    Some(reason) => ClientEvent::Blocked { role, reason },
                    None => ClientEvent::Unblocked { role },
                });
                known = now;
            }
        }
    }

    /// Goes round the addresses until one lets the client in.
    async fn open(&mut self) -> Result<Opened, ClientEnd> {
        loop {
            let failures = match self.round().await {
                Ok(opened) => return Ok(opened),
                Err(failures) => failures,
            };
            let Some(last) = failures.last().cloned() else { return Err(ClientEnd::NoAddress) };
            let is_refusal = |failure: &&Failure| failure.error.is_permanent();
            let refusals = failures.iter().filter(is_refusal).count();
            // What one broker of a cluster refuses another may allow, once it is back; only a
            // client that was never let in has most likely been told something wrong.
            let is_final = !self.has_connected || refusals == failures.len();
            if let Some(refused) = failures.iter().rfind(is_refusal).filter(|_| is_final) {
                let Failure { authority, error } = refused.clone();
                return Err(ClientEnd::Refused { authority, source: error });
            }
            let pause = self.pace.next();
            if let Some(rounds) = self.pace.exhausted() {
                return Err(ClientEnd::GaveUp { rounds, last: last.error });
            }
            self.pause(pause).await;
        }
    }

    /// Tries each address once, from the next in turn on.
    async fn round(&mut self) -> Result<Opened, Failures> {
        let mut failures = Failures::new();
        for _ in 0..self.addresses.len() {
            let Some(options) = self.addresses.get(self.turn) else { break };
            self.turn = (self.turn + 1) % self.addresses.len();
            let (role, authority) = (self.role, Arc::from(options.authority()));
            self.shared.tell(ClientEvent::Connecting { role, authority: Arc::clone(&authority) });
            let error = match self.dialer.dial(options).await {
                Ok(connection) => return Ok(Opened { connection, authority }),
                Err(error) => Arc::new(error),
            };
            self.shared.counters.connect_failures.add_one();
            tracing::warn!(%role, %authority, %error, "connecting failed");
            let failure = Failure { authority, error };
            let Failure { authority, error } = failure.clone();
            self.shared.tell(ClientEvent::ConnectFailed { role, authority, error });
            failures.push(failure);
        }
        Err(failures)
    }

    async fn pause(&self, pause: Duration) {
        self.shared.tell(ClientEvent::Waiting { role: self.role, pause });
        sleep(pause).await;
    }
}
