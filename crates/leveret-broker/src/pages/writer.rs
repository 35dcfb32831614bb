//! The thread that writes and removes pages.

use std::{
    collections::VecDeque,
    io,
    sync::mpsc::{Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use leveret_journal::{Disk, FileId};
use tokio::sync::oneshot;

use super::{
    command::{Answers, Change, Paged},
    key::PageKey,
    shelf::Shelf,
    thinning::Thinning,
};
use crate::lifecycle::{Failure, Lifecycle};

/// Changes made before a sync even if more are waiting.
const GATHERED_MAX: usize = 8;

/// Pages removed before changes are looked for again.
const REMOVED_MAX: usize = 64;

/// A page that is written and not yet answered for.
struct Written {
    file: FileId,
    durable: bool,
    answer: Paged,
    answers: Answers,
}

/// What the thread knows.
struct Writer<D> {
    shelf: Shelf<D>,
    /// Pages that are not answered for yet.
    written: Vec<Written>,
    /// Pages that nobody needs.
    doomed: VecDeque<PageKey>,
    /// Pages of which little is needed.
    thinning: Thinning,
    /// Whether somebody copies what is there, so that nothing may go.
    is_held: bool,
}

pub(super) fn start<D: Disk + Send + 'static, H: Send + 'static>(
    shelf: Shelf<D>,
    changes: Receiver<Change>,
    lifecycle: Lifecycle,
    held: H,
) -> io::Result<oneshot::Receiver<()>> {
    let (ended, at_end) = oneshot::channel();
    thread::Builder::new().name("leveret-pages".to_owned()).spawn(move || {
        let place = shelf.place();
        let writer = Writer {
            shelf,
            written: Vec::new(),
            doomed: VecDeque::new(),
            thinning: Thinning::new(),
            is_held: false,
        };
        if let Err(error) = writer.serve(changes) {
            tracing::error!(place, %error, "pages cannot be stored");
            lifecycle.fail(Failure::Disk { place: place.into(), reason: error.to_string().into() });
        }
        drop(held);
        // Nobody may be waiting for the end.
        ended.send(()).ok();
    })?;
    Ok(at_end)
}

impl<D: Disk> Writer<D> {
    fn serve(mut self, changes: Receiver<Change>) -> io::Result<()> {
        loop {
            let change = match self.leisure() {
                None => changes.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(rest) => changes.recv_timeout(rest),
            };
            match change {
                Ok(change) => {
                    self.take(change)?;
                    for _ in 1..GATHERED_MAX {
                        let Ok(change) = changes.try_recv() else { break };
                        self.take(change)?;
                    }
                    self.finish()?;
                    self.remove_some()?;
                }
                Err(_) if self.may_remove() => self.remove_some()?,
                Err(RecvTimeoutError::Timeout) => self.thinning.thin_one(&mut self.shelf)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// How long to wait for a change before going on with what nobody waits for, if there is such.
    fn leisure(&self) -> Option<Duration> {
        match self.is_held {
            true => None,
            false if self.doomed.is_empty() => self.thinning.due_in(),
            false => Some(Duration::ZERO),
        }
    }

    fn take(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::Store { key, durable, content, answers } => {
                let file = self.shelf.write(key, &content)?;
                let answer = Paged::Stored { page: key.page, bytes: content.len() };
                self.written.push(Written { file, durable, answer, answers });
            }
            Change::Drop { key } => {
                self.thinning.forget(key);
                self.doomed.push_back(key);
            }
            Change::Thin { key, rest } => self.thinning.add(key, rest),
            Change::DropStream { stream } => {
                self.thinning.forget_stream(stream);
                let keys = self.shelf.list()?;
                self.doomed.extend(keys.into_iter().filter(|key| key.stream == stream));
            }
            // Whoever asked releases also what it did not wait for.
            Change::Hold { reply } => {
                self.is_held = true;
                reply.send(()).ok();
            }
            Change::List { reply } => {
                self.finish()?;
                let files = self.shelf.list()?.into_iter().map(PageKey::file);
                reply.send(files.collect()).ok();
            }
            Change::Release => self.is_held = false,
        }
        Ok(())
    }

    /// Makes durable what has to be, and answers.
    fn finish(&mut self) -> io::Result<()> {
        for page in self.written.iter().filter(|page| page.durable) {
            self.shelf.sync(page.file)?;
        }
        if self.written.iter().any(|page| page.durable) {
            self.shelf.sync_names()?;
        }
        for Written { file, answer, answers, .. } in self.written.drain(..) {
            self.shelf.close(file);
            // The virtual host may have ended meanwhile.
            answers.send(answer).ok();
        }
        Ok(())
    }

    fn may_remove(&self) -> bool {
        !self.is_held && !self.doomed.is_empty()
    }

    /// Removes some of what nobody needs. What a power loss brings back is removed by the next start.
    fn remove_some(&mut self) -> io::Result<()> {
        let count = if self.is_held { 0 } else { REMOVED_MAX.min(self.doomed.len()) };
        for key in self.doomed.drain(..count) {
            self.shelf.remove(key)?;
        }
        Ok(())
    }
}
