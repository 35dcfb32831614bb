//! The log's thread: append all that waits, sync once, tell how far it got.

use std::{collections::BTreeMap, io, sync::Arc, thread, time::Instant};

use leveret_journal::{AppendError, CommitError, Disk, Journal, SegmentInfo, Seq, StreamId};
use tokio::sync::{mpsc, oneshot};

use super::{
    Command, LogQueue, Mailbox, Segment,
    reclaim::{BYTES_MIN, Reclaim},
    stream::Stream,
};
use crate::{
    figures::LogFigures,
    lifecycle::{Failure, Lifecycle},
};

/// Commands taken before a sync even if more are waiting: nobody's confirm waits for ever.
const GATHERED_MAX: usize = 4_096;

/// The log's thread, ready to be started.
#[derive(Debug)]
pub(crate) struct LogThread<D: Disk> {
    journal: Journal<D>,
    streams: BTreeMap<StreamId, Stream>,
    reclaim: Reclaim,
    /// Whether somebody copies the segments, so that none may go.
    is_held: bool,
    lifecycle: Lifecycle,
    place: Arc<str>,
    figures: Arc<LogFigures>,
    /// Records since the last sync.
    unsynced: u32,
}

impl<D: Disk + Send + 'static> LogThread<D> {
    /// The thread for a journal that was just opened; `place` is what failures call it.
    pub(crate) fn new(journal: Journal<D>, lifecycle: Lifecycle, place: Arc<str>) -> Self {
        Self {
            journal,
            streams: BTreeMap::new(),
            reclaim: Reclaim::new(BYTES_MIN),
            is_held: false,
            lifecycle,
            place,
            figures: Arc::new(LogFigures::new()),
            unsynced: 0,
        }
    }

    /// The same, but reclaiming begins with so many bytes.
    #[cfg(test)]
    pub(super) fn reclaim_from(mut self, bytes_min: u64) -> Self {
        self.reclaim = Reclaim::new(bytes_min);
        self
    }

    /// Makes a stream known; `recovered` is the last number found in it.
    pub(crate) fn add_stream(&mut self, stream: StreamId, recovered: Seq) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::default());
        let known =
            Stream { mailbox: Arc::clone(&mailbox), appended: recovered, durable: recovered };
        self.streams.insert(stream, known);
        mailbox
    }

    /// Starts the thread. It drops `held` and answers once the last queue is gone and all is on disk.
    pub(crate) fn start<H: Send + 'static>(
        self,
        held: H,
    ) -> io::Result<(LogQueue, oneshot::Receiver<()>)> {
        let (queue, commands) = LogQueue::new(Arc::clone(&self.figures));
        let (ended, at_end) = oneshot::channel();
        thread::Builder::new().name("leveret-log".to_owned()).spawn(move || {
            self.run(commands);
            drop(held);
            // Nobody may be waiting for the end.
            ended.send(()).ok();
        })?;
        Ok((queue, at_end))
    }

    fn run(self, commands: mpsc::UnboundedReceiver<Command>) {
        let (lifecycle, place) = (self.lifecycle.clone(), Arc::clone(&self.place));
        if let Err(error) = self.serve(commands) {
            let reason = error.to_string().into();
            tracing::error!(%place, %reason, "the log failed");
            lifecycle.fail(Failure::Disk { place, reason });
        }
    }

    fn serve(mut self, mut commands: mpsc::UnboundedReceiver<Command>) -> Result<(), LogError> {
        while let Some(command) = commands.blocking_recv() {
            let mut rooms = Vec::new();
            rooms.extend(self.take(command)?);
            for _ in 1..GATHERED_MAX {
                let Ok(command) = commands.try_recv() else { break };
                rooms.extend(self.take(command)?);
            }
            self.commit()?;
            drop(rooms);
            if !self.is_held {
                self.reclaim.step(&mut self.journal, &self.streams)?;
            }
        }
        Ok(self.journal.close()?)
    }

    /// Does one command short of the sync; gives back the room that the sync will free.
    fn take(
        &mut self,
        command: Command,
    ) -> Result<Option<tokio::sync::OwnedSemaphorePermit>, LogError> {
        match command {
            Command::Append { stream, records, room } => {
                for record in records {
                    self.figures.note_bytes(record.bytes.len());
                    self.unsynced = self.unsynced.saturating_add(1);
                    self.journal.append(stream, record.seq, &record.bytes)?;
                    if let Some(known) = self.streams.get_mut(&stream) {
                        known.appended = record.seq;
                    }
                }
                Ok(room)
            }
            Command::Relocated { stream, upto, through } => {
                self.reclaim.relocated(stream, upto, through);
                Ok(None)
            }
            Command::AddStream { stream, mailbox } => {
                let fresh = Stream { mailbox, appended: Seq(0), durable: Seq(0) };
                self.streams.insert(stream, fresh);
                Ok(None)
            }
            Command::RemoveStream { stream } => {
                self.streams.remove(&stream);
                self.reclaim.forget(stream);
                Ok(None)
            }
            Command::Cut { reply } => {
                // What streams that are gone have written need not be durable yet.
                self.commit()?;
                self.journal.commit()?;
                self.is_held = true;
                // Whoever asked releases also what it did not wait for.
                reply.send(self.segments()).ok();
                Ok(None)
            }
            Command::List { reply } => {
                // Whoever asked may have gone.
                reply.send(self.segments()).ok();
                Ok(None)
            }
            Command::Release => {
                self.is_held = false;
                Ok(None)
            }
        }
    }

    fn segments(&self) -> Vec<Segment> {
        let segment = |info: &SegmentInfo| Segment { file: info.file(), bytes: info.bytes() };
        self.journal.segments().map(segment).collect()
    }

    fn commit(&mut self) -> Result<(), LogError> {
        if self.streams.values().all(|stream| stream.appended == stream.durable) {
            return Ok(());
        }
        let begun = Instant::now();
        self.journal.commit()?;
        self.figures.syncs.note(begun.elapsed().as_secs_f64());
        self.figures.batches.note(std::mem::take(&mut self.unsynced).into());
        for stream in self.streams.values_mut().filter(|stream| stream.appended != stream.durable) {
            stream.durable = stream.appended;
            stream.mailbox.publish_durable(stream.durable);
        }
        Ok(())
    }
}

/// What ends the thread.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogError {
    #[error("{error}{}", cause(.error))]
    Append {
        #[from]
        error: AppendError,
    },
    #[error("{error}{}", cause(.error))]
    Commit {
        #[from]
        error: CommitError,
    },
}

/// What lies under an error, to be shown after it.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, |source| format!(": {source}"))
}
