//! When the reader stops reading, because consumers do not take what came.
//!
//! Stopping holds up every channel of the connection, so it happens only while nobody waits
//! for an answer of the broker: who waits for one while its own deliveries fill the buffers
//! would wait for ever.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// Counts what speaks for and against reading on.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// Consumers whose buffer is full.
    full: AtomicUsize,
    /// Consumers whose buffer is full many times over.
    brimming: AtomicUsize,
    /// Those who wait for an answer.
    waiting: AtomicUsize,
    changed: Notify,
}

/// How full a consumer's buffer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Level {
    #[default]
    Fine,
    /// Reading stops unless someone waits for an answer.
    Full,
    /// Reading stops.
    Brimming,
}

impl Gate {
    pub(crate) fn is_shut(&self) -> bool {
        self.brimming.load(Ordering::SeqCst) > 0
            || (self.full.load(Ordering::SeqCst) > 0 && self.waiting.load(Ordering::SeqCst) == 0)
    }

    /// Waits until it may have opened.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// A consumer's buffer went from one level to another.
    pub(crate) fn shift(&self, from: Level, to: Level) {
        if from == to {
            return;
        }
        match to {
            Level::Fine => 0,
            Level::Full => self.full.fetch_add(1, Ordering::SeqCst),
            Level::Brimming => self.brimming.fetch_add(1, Ordering::SeqCst),
        };
        match from {
            Level::Fine => 0,
            Level::Full => self.full.fetch_sub(1, Ordering::SeqCst),
            Level::Brimming => self.brimming.fetch_sub(1, Ordering::SeqCst),
        };
        self.changed.notify_one();
    }

    /// Someone waits for an answer until they drop what this gives.
    pub(crate) fn wait(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        if self.full.load(Ordering::SeqCst) > 0 {
            self.changed.notify_one();
        }
        Waiting(Arc::clone(self))
    }
}

/// Someone waits for an answer.
#[derive(Debug)]
pub(crate) struct Waiting(Arc<Gate>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
