//! A link to one broker that is opened again whenever it breaks.
//!
//! Each life of the connection is a generation. Before one is shown to those who wait for it,
//! the topology is declared on it. Nothing of one generation is ever used on another.

mod apart;
mod back_off;
mod declaration;
mod dialer;
mod outlet;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use leveret_client::Connection;
use leveret_protocol::ShortStr;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::phase::{Phase, PhaseListener};

pub(crate) use apart::Apart;
pub(crate) use back_off::BackOff;
pub(crate) use declaration::{Declaration, DeclareError, declare};
pub(crate) use dialer::{Dialer, Way};
pub(crate) use outlet::Outlet;

/// One life of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) connection: Connection,
}

/// Shows the current generation to whoever works on it.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) name: Arc<str>,
    /// The name that the broker knows us by.
    pub(crate) login: Option<ShortStr>,
    /// Another connection for what is published, to a broker elsewhere.
    pub(crate) outlet: Option<Arc<Outlet>>,
    current: watch::Receiver<Option<Generation>>,
}

/// Keeps a link alive.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pub(crate) name: Arc<str>,
    pub(crate) dialer: Dialer,
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) reconnects: Arc<AtomicU64>,
    shown: watch::Sender<Option<Generation>>,
}

impl Link {
    /// The same, published on another connection.
    pub(crate) fn with_outlet(self, outlet: Option<Arc<Outlet>>) -> Self {
        Self { outlet, ..self }
    }

    /// A generation newer than `after`; waits while there is none.
    pub(crate) async fn newer_than(&mut self, after: u64) -> Option<Generation> {
        let is_newer = |shown: &Option<Generation>| {
            shown.as_ref().is_some_and(|generation| generation.number > after)
        };
        self.current.wait_for(is_newer).await.ok()?.clone()
    }

    /// The generation there is now.
    pub(crate) fn current(&self) -> Option<Generation> {
        self.current.borrow().clone()
    }
}

impl Supervisor {
    pub(crate) fn new(
        name: &str,
        dialer: Dialer,
        declarations: Vec<Declaration>,
        reconnects: Arc<AtomicU64>,
    ) -> Self {
        let (shown, _) = watch::channel(None);
        Self { name: name.into(), dialer, declarations, reconnects, shown }
    }

    pub(crate) fn link(&self) -> Link {
        Link {
            name: self.name.clone(),
            login: self.dialer.login(),
            outlet: None,
            current: self.shown.subscribe(),
        }
    }

    /// Shows the first generation, which the start has opened.
    pub(crate) fn show_first(&self, connection: Connection) {
        self.shown.send_replace(Some(Generation { number: 1, connection }));
    }

    /// Opens the connection again whenever it ends, until everything stops.
    pub(crate) async fn run(self, mut phase: PhaseListener) {
        let mut number = 1;
        loop {
            let Some(generation) = self.shown.borrow().clone() else { return };
            let end = tokio::select! {
                () = phase.reached(Phase::Stopped) => return,
                end = generation.connection.closed() => end,
            };
            self.shown.send_replace(None);
            warn!(connection = %self.name, %end, "connection lost");
            self.reconnects.fetch_add(1, Ordering::Relaxed);
            number += 1;
            let connection = tokio::select! {
                () = phase.reached(Phase::Stopped) => return,
                connection = self.reconnect() => connection,
            };
            info!(connection = %self.name, "connected again");
            self.shown.send_replace(Some(Generation { number, connection }));
        }
    }

    /// Opens the connection when it is first wanted, and keeps it open then.
    pub(crate) async fn run_once_wanted(
        self,
        mut wanted: watch::Receiver<bool>,
        mut phase: PhaseListener,
    ) {
        let opening = async {
            wanted.wait_for(|wanted| *wanted).await.ok()?;
            match self.connect().await {
                Some(connection) => Some(connection),
                None => Some(self.reconnect().await),
            }
        };
        let connection = tokio::select! {
            () = phase.reached(Phase::Stopped) => return,
            connection = opening => connection,
        };
        let Some(connection) = connection else { return };
        self.show_first(connection);
        self.run(phase).await;
    }

    async fn reconnect(&self) -> Connection {
        let mut back_off = BackOff::new();
        loop {
            back_off.pause().await;
            if let Some(connection) = self.connect().await {
                return connection;
            }
        }
    }

    /// One try.
    async fn connect(&self) -> Option<Connection> {
        let connection = match self.dialer.dial().await {
            Ok(connection) => connection,
            Err(error) => {
                warn!(connection = %self.name, %error, "cannot connect, will try again");
                return None;
            }
        };
        match declare(&connection, &self.declarations).await {
            Ok(()) => Some(connection),
            Err(DeclareError { what, source }) => {
                warn!(connection = %self.name, what, error = %source, "cannot declare, will try again");
                connection.close().await;
                None
            }
        }
    }
}
