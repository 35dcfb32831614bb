//! The pages of one virtual host, as its task sees them.

use bytes::Bytes;
use leveret_engine::{Input, PageId, PageRest};
use leveret_journal::StreamId;
use tokio::sync::mpsc;

use super::{
    command::{Answers, Change, Load, PageQueue, Paged},
    key::PageKey,
};

/// Bytes of pages on their way to the disk; beyond it, the virtual host takes nothing from its
/// connections until some are there.
const STORING_BYTES_MAX: usize = 16 << 20;

/// One virtual host's way to both threads and back.
#[derive(Debug)]
pub(crate) struct PageStream {
    stream: StreamId,
    queue: PageQueue,
    answers: Answers,
    answered: mpsc::UnboundedReceiver<Paged>,
    storing_bytes: usize,
}

impl PageStream {
    pub(crate) fn new(stream: StreamId, queue: PageQueue) -> Self {
        let (answers, answered) = mpsc::unbounded_channel();
        Self { stream, queue, answers, answered, storing_bytes: 0 }
    }

    pub(crate) fn store(&mut self, page: PageId, durable: bool, content: Bytes) {
        self.storing_bytes += content.len();
        let (key, answers) = (self.key(page), self.answers.clone());
        self.queue.change(Change::Store { key, durable, content, answers });
    }

    pub(crate) fn drop_page(&self, page: PageId) {
        self.queue.change(Change::Drop { key: self.key(page) });
    }

    pub(crate) fn thin(&self, page: PageId, rest: PageRest) {
        self.queue.change(Change::Thin { key: self.key(page), rest });
    }

    pub(crate) fn load(&self, page: PageId) {
        let load = Load { key: self.key(page), answers: self.answers.clone() };
        // The thread ends only after this.
        self.queue.loads.send(load).ok();
    }

    /// Whether so much is on its way to the disk that nothing more should come.
    pub(crate) const fn is_full(&self) -> bool {
        self.storing_bytes >= STORING_BYTES_MAX
    }

    /// Waits until something is done.
    pub(crate) async fn next(&mut self) -> Option<Input> {
        let paged = self.answered.recv().await?;
        Some(self.input(paged))
    }

    /// What else is done.
    pub(crate) fn try_next(&mut self) -> Option<Input> {
        let paged = self.answered.try_recv().ok()?;
        Some(self.input(paged))
    }

    fn input(&mut self, paged: Paged) -> Input {
        match paged {
            Paged::Stored { page, bytes } => {
                self.storing_bytes = self.storing_bytes.saturating_sub(bytes);
                Input::PageStored { page }
            }
            Paged::Loaded { page, content } => Input::PageLoaded { page, content },
        }
    }

    /// Where a page is, for a person to look.
    pub(crate) fn path(&self, page: PageId) -> String {
        format!("{}/{}", self.queue.place, self.key(page).file())
    }

    const fn key(&self, page: PageId) -> PageKey {
        PageKey { stream: self.stream, page }
    }
}
