//! What the threads of pages are given to do, and what they answer.

use std::sync::{Arc, mpsc as std_mpsc};

use bytes::Bytes;
use leveret_engine::{PageId, PageRest};
use leveret_journal::StreamId;
use tokio::sync::{mpsc, oneshot};

use super::key::PageKey;

/// What is done.
#[derive(Debug)]
pub(super) enum Paged {
    Stored { page: PageId, bytes: usize },
    Loaded { page: PageId, content: Bytes },
}

/// Who is told when something is done.
pub(super) type Answers = mpsc::UnboundedSender<Paged>;

/// What the writing thread is given to do.
#[derive(Debug)]
pub(super) enum Change {
    Store {
        key: PageKey,
        durable: bool,
        content: Bytes,
        answers: Answers,
    },
    Drop {
        key: PageKey,
    },
    /// Little of it is needed: when there is time, it is replaced by a smaller one.
    Thin {
        key: PageKey,
        rest: PageRest,
    },
    /// Somebody copies what is there: nothing is removed until the release.
    Hold {
        reply: oneshot::Sender<()>,
    },
    /// The files of all that is stored by now.
    List {
        reply: oneshot::Sender<Vec<String>>,
    },
    /// Whoever copied is done.
    Release,
    /// All that is left of a virtual host, which stores nothing more.
    DropStream {
        stream: StreamId,
    },
}

/// What the reading thread is given to do.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) key: PageKey,
    pub(super) answers: Answers,
}

/// The engines' end of both threads, which end when the last one is gone.
#[derive(Debug, Clone)]
pub(crate) struct PageQueue {
    pub(super) changes: std_mpsc::Sender<Change>,
    pub(super) loads: mpsc::UnboundedSender<Load>,
    pub(super) place: Arc<str>,
}

impl PageQueue {
    /// Removes all pages of a virtual host that is gone.
    pub(crate) fn remove_stream(&self, stream: StreamId) {
        self.change(Change::DropStream { stream });
    }

    /// Keeps all pages where they are until the release; nothing, if pages have failed.
    pub(crate) async fn hold(&self) -> Option<()> {
        let (reply, replied) = oneshot::channel();
        self.change(Change::Hold { reply });
        replied.await.ok()
    }

    /// The files of all pages that are whole by now.
    pub(crate) async fn list(&self) -> Option<Vec<String>> {
        let (reply, replied) = oneshot::channel();
        self.change(Change::List { reply });
        replied.await.ok()
    }

    /// Ends a [`Self::hold`].
    pub(crate) fn release(&self) {
        self.change(Change::Release);
    }

    pub(super) fn change(&self, change: Change) {
        // A thread that ended early has failed, and has said so to the whole broker.
        self.changes.send(change).ok();
    }
}
