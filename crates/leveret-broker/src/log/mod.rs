//! The log of all virtual hosts: one thread that writes, syncs, and tells.
//!
//! Records come through one queue, bounded by bytes; while a sync runs, the next batch gathers
//! there. What is durable goes back through a mailbox of one number for each virtual host, which
//! never fills up, so that the thread never waits for an engine.

mod mailbox;
mod reclaim;
mod stream;
mod thread;

use std::sync::Arc;

use bytes::Bytes;
use leveret_journal::{Seq, StreamId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

pub(crate) use mailbox::Mailbox;
pub(crate) use thread::LogThread;

use crate::figures::LogFigures;

#[cfg(test)]
mod tests;

/// Bytes of records that wait to be written or synced; beyond it, engines wait.
const BYTES_MAX: u32 = 64 << 20;

/// What a record weighs beside its bytes.
const RECORD_BYTES: usize = 64;

/// What the log's thread is given to do.
#[derive(Debug)]
enum Command {
    /// Records of one stream, in order.
    Append { stream: StreamId, records: Vec<Record>, room: Option<OwnedSemaphorePermit> },
    /// The stream needs nothing numbered `upto` or less once `through` is durable.
    Relocated { stream: StreamId, upto: Seq, through: Seq },
    /// One stream more.
    AddStream { stream: StreamId, mailbox: Arc<Mailbox> },
    /// Nothing of that stream is needed any more, and nothing more comes.
    RemoveStream { stream: StreamId },
    /// Somebody copies what is durable by now: no segment goes until the release.
    Cut { reply: oneshot::Sender<Vec<Segment>> },
    /// Whoever copied is done.
    Release,
    /// Somebody looks at the segments beside the log.
    List { reply: oneshot::Sender<Vec<Segment>> },
}

/// A segment of the log, and how much of it is written.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) file: String,
    pub(crate) bytes: u64,
}

/// One record, numbered by its engine.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) seq: Seq,
    pub(crate) bytes: Bytes,
}

/// The engines' end of the queue; the thread ends when the last one is gone.
#[derive(Debug, Clone)]
pub(crate) struct LogQueue {
    commands: mpsc::UnboundedSender<Command>,
    room: Arc<Semaphore>,
    figures: Arc<LogFigures>,
}

/// One stream of the log: where its engine's records go.
#[derive(Debug)]
pub(crate) struct LogStream {
    stream: StreamId,
    queue: LogQueue,
    mailbox: Arc<Mailbox>,
}

impl LogQueue {
    fn new(figures: Arc<LogFigures>) -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(BYTES_MAX as usize));
        (Self { commands, room, figures }, receiver)
    }

    /// What the log has measured.
    pub(crate) fn figures(&self) -> &LogFigures {
        &self.figures
    }

    /// Makes a new stream known, for a virtual host that has just been made.
    pub(crate) fn add_stream(&self, stream: StreamId) -> LogStream {
        let mailbox = Arc::<Mailbox>::default();
        self.send(Command::AddStream { stream, mailbox: Arc::clone(&mailbox) });
        LogStream::new(stream, self.clone(), mailbox)
    }

    /// Forgets a stream: its records go with their segments.
    pub(crate) fn remove_stream(&self, stream: StreamId) {
        self.send(Command::RemoveStream { stream });
    }

    /// All that is durable by now, which stays as it is until the release; nothing, if the log has failed.
    pub(crate) async fn cut(&self) -> Option<Vec<Segment>> {
        let (reply, replied) = oneshot::channel();
        self.send(Command::Cut { reply });
        replied.await.ok()
    }

    /// What is written by now, each segment until it is dropped; nothing, if the log has failed.
    pub(crate) async fn list(&self) -> Option<Vec<Segment>> {
        let (reply, replied) = oneshot::channel();
        self.send(Command::List { reply });
        replied.await.ok()
    }

    /// Ends a [`Self::cut`].
    pub(crate) fn release(&self) {
        self.send(Command::Release);
    }

    fn send(&self, command: Command) {
        // A thread that ended early has failed, and has said so to the whole broker.
        self.commands.send(command).ok();
    }
}

impl LogStream {
    pub(crate) fn new(stream: StreamId, queue: LogQueue, mailbox: Arc<Mailbox>) -> Self {
        Self { stream, queue, mailbox }
    }

    /// What the thread says of this stream.
    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// What the log has measured.
    pub(crate) fn figures(&self) -> &LogFigures {
        self.queue.figures()
    }

    /// Queues records; waits while the log is too far behind.
    pub(crate) async fn append(&self, records: Vec<Record>) {
        let bytes: usize = records.iter().map(|record| record.bytes.len() + RECORD_BYTES).sum();
        let weight = u32::try_from(bytes).unwrap_or(BYTES_MAX).min(BYTES_MAX);
        // The semaphore is never closed. After a failure the room comes back with the dropped queue.
        let room = Arc::clone(&self.queue.room).acquire_many_owned(weight).await.ok();
        self.queue.send(Command::Append { stream: self.stream, records, room });
    }

    pub(crate) fn relocated(&self, upto: Seq, through: Seq) {
        self.queue.send(Command::Relocated { stream: self.stream, upto, through });
    }
}
