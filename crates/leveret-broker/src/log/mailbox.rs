//! What the log's thread tells one engine: two numbers that only grow, and a bell.

use std::sync::atomic::{AtomicU64, Ordering};

use leveret_journal::Seq;
use tokio::sync::Notify;

/// The mailbox of one stream; the newest number replaces an unread one.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    durable: AtomicU64,
    relocate: AtomicU64,
    bell: Notify,
}

impl Mailbox {
    /// Everything numbered up to here is on disk.
    pub(crate) fn durable(&self) -> Seq {
        Seq(self.durable.load(Ordering::Acquire))
    }

    /// Everything numbered up to here should move to the end of the log.
    pub(crate) fn relocate(&self) -> Seq {
        Seq(self.relocate.load(Ordering::Acquire))
    }

    /// Waits for a number to change; a change before the call counts.
    pub(crate) async fn changed(&self) {
        self.bell.notified().await;
    }

    pub(crate) fn publish_durable(&self, upto: Seq) {
        self.durable.store(upto.0, Ordering::Release);
        self.bell.notify_one();
    }

    pub(crate) fn ask_to_relocate(&self, upto: Seq) {
        self.relocate.store(upto.0, Ordering::Release);
        self.bell.notify_one();
    }
}
