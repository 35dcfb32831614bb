//! A link to one broker that is opened again whenever it breaks.
//!
//! Each life of the connection is a generation. Before one is shown to those who wait for it,
//! the topology is declared on it. Nothing of one generation is ever used on another.

mod back_off;
mod declaration;
mod dialer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use leveret_client::Connection;
use leveret_protocol::ShortStr;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::phase::{Phase, PhaseListener};

pub(crate) use back_off::BackOff;
pub(crate) use declaration::{Declaration, DeclareError, declare};
pub(crate) use dialer::{Dialer, Way};

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

    async fn reconnect(&self) -> Connection {
        let mut back_off = BackOff::new();
        loop {
            back_off.pause().await;
            let connection = match self.dialer.dial().await {
                Ok(connection) => connection,
                Err(error) => {
                    warn!(connection = %self.name, %error, "cannot connect, will try again");
                    continue;
                }
            };
            match declare(&connection, &self.declarations).await {
                Ok(()) => return connection,
                Err(DeclareError { what, source }) => {
                    warn!(connection = %self.name, what, error = %source, "cannot declare, will try again");
                    connection.close().await;
                }
            }
        }
    }
}
