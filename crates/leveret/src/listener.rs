//! Listeners: tasks that live as long as the application handles messages.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use leveret_client::{ConnectError, Connection};
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::failure::Failure;
use crate::link::{Apart, BackOff};
use crate::phase::{Phase, PhaseListener};
use crate::publisher::Publisher;
use crate::shared::Shared;

/// A listener that ran this long before it failed is begun again after a short pause.
const STEADY: Duration = Duration::from_mins(1);

/// What a listener does, without its types.
pub(crate) type ListenerBody = Box<
    dyn Fn(ListenerContext) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>
        + Send
        + Sync,
>;

/// A task of the application's own: see [`App::listener`](crate::App::listener).
pub(crate) struct Listener {
    pub(crate) name: String,
    pub(crate) body: ListenerBody,
}

/// What a listener is given.
#[derive(Debug, Clone)]
pub struct ListenerContext {
    pub(crate) publisher: Publisher,
    pub(crate) shared: Arc<Shared>,
    pub(crate) phase: PhaseListener,
    pub(crate) apart: Apart,
}

impl Listener {
    /// Runs it until it is done or the application stops.
    pub(crate) async fn run(self, context: ListenerContext) {
        let name = &self.name;
        let mut back_off = BackOff::new();
        loop {
            let begun = Instant::now();
            // What makes the future may panic, too.
            let running =
                AssertUnwindSafe(async { (self.body)(context.clone()).await }).catch_unwind();
            match running.await {
                Ok(Ok(())) => return info!(listener = %name, "listener is done"),
                Ok(Err(failure)) => warn!(listener = %name, %failure, "listener failed"),
                Err(_) => error!(listener = %name, "listener panicked"),
            }
            if begun.elapsed() >= STEADY {
                back_off = BackOff::new();
            }
            tokio::select! {
                biased;
                () = context.stopping() => return,
                () = back_off.pause() => {}
            }
        }
    }
}

impl ListenerContext {
    /// Publishes, each message confirmed.
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// A value given with [`App::state`](crate::App::state).
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.shared.state()
    }

    /// Opens a connection of the listener's own to the broker of the unnamed connection, also to the
    /// one inside the program; it is opened once, and nobody else sees it.
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        self.apart.connect().await
    }

    /// Returns when the application stops; at once if it does already.
    pub async fn stopping(&self) {
        self.phase.clone().reached(Phase::Draining).await;
    }
}
