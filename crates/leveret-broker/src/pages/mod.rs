//! Where queues keep what they cannot keep in memory: a file for each page.
//!
//! Two threads serve all virtual hosts: one writes and removes pages, the other reads them, so that
//! a consumer never waits for somebody else's sync. Answers come by a way of their own, so neither
//! thread ever waits for an engine.

mod check;
mod command;
mod key;
mod reader;
mod shelf;
mod stream;
mod thinning;
mod writer;

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, mpsc as std_mpsc},
};

use leveret_journal::Disk;
use tokio::sync::{mpsc, oneshot};

use self::shelf::Shelf;
pub(crate) use self::{
    check::{CheckedPage, PageCheck},
    command::PageQueue,
    key::PageKey,
    stream::PageStream,
};
use crate::lifecycle::Lifecycle;

#[cfg(test)]
mod tests;

/// Both threads, ready to be started.
#[derive(Debug)]
pub(crate) struct PageThreads<D> {
    writing: Shelf<D>,
    reading: Shelf<D>,
    lifecycle: Lifecycle,
}

impl<D: Disk + Send + 'static> PageThreads<D> {
    /// Both disks are the same directory, which exists.
    pub(crate) fn new(writing: D, reading: D, lifecycle: Lifecycle) -> Self {
        Self { writing: Shelf::new(writing), reading: Shelf::new(reading), lifecycle }
    }

    /// Removes what is left of an earlier life and needed by nobody; tells how many are missing of
    /// what is needed.
    pub(crate) fn tidy(&mut self, needed: &BTreeSet<PageKey>) -> io::Result<usize> {
        self.writing.remove_asides()?;
        let mut found = 0;
        for key in self.writing.list()? {
            if needed.contains(&key) {
                found += 1;
            } else {
                self.writing.remove(key)?;
            }
        }
        Ok(needed.len().saturating_sub(found))
    }

    /// Starts the threads. Each drops its `held` at its end; the answer comes when both have ended.
    pub(crate) fn start<H: Send + Sync + 'static>(
        self,
        held: &Arc<H>,
    ) -> io::Result<(PageQueue, [oneshot::Receiver<()>; 2])> {
        let Self { writing, reading, lifecycle } = self;
        let place = writing.place().into();
        let (changes, to_change) = std_mpsc::channel();
        let (loads, to_load) = mpsc::unbounded_channel();
        let written = writer::start(writing, to_change, lifecycle, Arc::clone(held))?;
        let read = reader::start(reading, to_load, Arc::clone(held))?;
        Ok((PageQueue { changes, loads, place }, [written, read]))
    }
}
