//! Whether the broker takes publishes at the moment.

use std::sync::atomic::{AtomicBool, Ordering};

use leveret_protocol::ShortStr;
use tokio::sync::watch;

/// Up from connection.blocked to connection.unblocked.
#[derive(Debug)]
pub(crate) struct Blockade {
    reason: watch::Sender<Option<ShortStr>>,
    /// The same, to be asked before each publish.
    is_up: AtomicBool,
}

impl Default for Blockade {
    fn default() -> Self {
        Self { reason: watch::Sender::new(None), is_up: AtomicBool::new(false) }
    }
}

impl Blockade {
    pub(crate) fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Relaxed)
    }

    pub(crate) fn raise(&self, reason: ShortStr) {
        self.is_up.store(true, Ordering::Relaxed);
        self.reason.send_replace(Some(reason));
    }

    /// Also when the connection is over: then nobody is to wait.
    pub(crate) fn lift(&self) {
        self.is_up.store(false, Ordering::Relaxed);
        self.reason.send_if_modified(|reason| reason.take().is_some());
    }

    /// Waits until publishes are taken again.
    pub(crate) async fn lifted(&self) {
        // The sender lives as long as this.
        drop(self.reason.subscribe().wait_for(Option::is_none).await);
    }

    /// The broker's words.
    pub(crate) fn reason(&self) -> Option<ShortStr> {
        self.reason.borrow().clone()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<ShortStr>> {
        self.reason.subscribe()
    }
}
