//! One worker process: its hello, one message after the other, its end.

use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::BufReader;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::frame::{self, FrameError};
use super::protocol::{Hear, Say, Told, VERSION};
use crate::process::{Pipes, Program, Running, told};
use crate::voice::{LastLine, listen};

/// How long a worker that waits may take to answer whether it is there.
const PONG: Duration = Duration::from_secs(5);

/// How long a worker may wait without being asked whether it is there.
const QUIET: Duration = Duration::from_secs(30);

/// How long to wait for the last words of a worker that has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How workers are started, and what they may do.
pub(super) struct Manner {
    pub(super) handler: String,
    pub(super) queue: String,
    pub(super) program: Program,
    pub(super) start_timeout: Duration,
    pub(super) silence_max: Duration,
    pub(super) grace: Duration,
    pub(super) frame_bytes_max: usize,
}

/// A worker that has said hello, and has no message in hand.
pub(super) struct Worker {
    running: Running,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    voice: JoinHandle<()>,
    last: LastLine,
    handled: u64,
    since: Instant,
}

/// Why a worker is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum WorkerError {
    #[error("cannot be started: {0}")]
    Start(io::Error),
    #[error("has not said hello within {0:?}")]
    NoHello(Duration),
    #[error("speaks version {0} of the protocol, {VERSION} is wanted")]
    Version(u32),
    #[error("was silent for {0:?} with a message in hand")]
    Hangs(Duration),
    #[error("said what is not its turn to say")]
    OutOfTurn,
    /// Nothing was written, and the worker is as it was.
    #[error("cannot be given the message: {0}")]
    Unsent(FrameError),
    #[error("has said what cannot be read: {0}")]
    Frame(#[from] FrameError),
    #[error("{0}")]
    Ended(String),
}

impl Worker {
    /// Starts a process and hears its hello.
    pub(super) async fn start(manner: &Manner) -> Result<Self, WorkerError> {
        let started = Running::start(manner.program.command(), manner.grace);
        let (running, Pipes { stdin, stdout, stderr }) = started.map_err(WorkerError::Start)?;
        let last = LastLine::default();
        let voice = hear(stderr, manner.handler.clone(), last.clone());
        let stdout = BufReader::new(stdout);
        let since = Instant::now();
        let mut worker = Self { running, stdin, stdout, voice, last, handled: 0, since };
        let limit = manner.start_timeout;
        let hello = timeout(limit, worker.hello(manner)).await;
        match hello.unwrap_or(Err(WorkerError::NoHello(limit))) {
            Ok(()) => Ok(worker),
            Err(error) => Err(worker.end(error).await),
        }
    }

    async fn hello(&mut self, manner: &Manner) -> Result<(), WorkerError> {
        let (handler, queue) = (manner.handler.as_str(), manner.queue.as_str());
        let frame_bytes_max = manner.frame_bytes_max;
        let hello = Say::Hello { version: VERSION, handler, queue, frame_bytes_max };
        frame::write(&mut self.stdin, &hello, &[], frame_bytes_max).await?;
        match self.next(manner).await?.0 {
            Hear::Hello { version: VERSION } => Ok(()),
            Hear::Hello { version } => Err(WorkerError::Version(version)),
            Hear::Heartbeat | Hear::Result(_) => Err(WorkerError::OutOfTurn),
        }
    }

    /// Hands a message over and waits for its result.
    pub(super) async fn handle(
        &mut self,
        message: &Say<'_>,
        id: u64,
        body: &[u8],
        manner: &Manner,
    ) -> Result<(Told, Bytes), WorkerError> {
        let limit = manner.silence_max;
        let write = frame::write(&mut self.stdin, message, body, manner.frame_bytes_max);
        match timeout(limit, write).await {
            Ok(Ok(())) => {}
            Ok(Err(error @ (FrameError::TooLong { .. } | FrameError::Json(_)))) => {
                return Err(WorkerError::Unsent(error));
            }
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Err(WorkerError::Hangs(limit)),
        }
        loop {
            let heard = timeout(limit, self.next(manner)).await;
            match heard.unwrap_or(Err(WorkerError::Hangs(limit)))? {
                (Hear::Heartbeat, _) => {}
                (Hear::Result(told), payload) if told.id == id => {
                    self.handled = self.handled.saturating_add(1);
                    self.since = Instant::now();
                    return Ok((*told, payload));
                }
                (Hear::Result(_) | Hear::Hello { .. }, _) => return Err(WorkerError::OutOfTurn),
            }
        }
    }

    /// Whether it is there, after it has waited.
    pub(super) async fn is_there(&mut self, manner: &Manner) -> bool {
        if self.running.status().is_some() {
            return false;
        }
        if self.since.elapsed() < QUIET {
            return true;
        }
        let asked = timeout(PONG, async {
            frame::write(&mut self.stdin, &Say::Ping, &[], manner.frame_bytes_max).await?;
            self.next(manner).await
        });
        matches!(asked.await, Ok(Ok((Hear::Heartbeat, _))))
    }

    /// How many messages it has handled.
    pub(super) fn handled(&self) -> u64 {
        self.handled
    }

    async fn next(&mut self, manner: &Manner) -> Result<(Hear, Bytes), WorkerError> {
        Ok(frame::read(&mut self.stdout, manner.frame_bytes_max).await?)
    }

    /// Ends it; the error with how it ended, and with its last words.
    pub(super) async fn end(mut self, error: WorkerError) -> WorkerError {
        let ended_itself = match &error {
            WorkerError::Frame(FrameError::Ended | FrameError::Pipe(_)) => {
                timeout(LAST_WORDS, self.running.ended()).await.ok().and_then(Result::ok)
            }
            WorkerError::Start(_)
            | WorkerError::NoHello(_)
            | WorkerError::Version(_)
            | WorkerError::Hangs(_)
            | WorkerError::OutOfTurn
            | WorkerError::Unsent(_)
            | WorkerError::Ended(_)
            | WorkerError::Frame(FrameError::TooLong { .. } | FrameError::Json(_)) => None,
        };
        self.running.stop().await;
        timeout(LAST_WORDS, self.voice).await.ok();
        let how = ended_itself
            .map_or_else(|| error.to_string(), |status| format!("ended, {}", told(status).0));
        WorkerError::Ended(format!("{how}{}", self.last.told()))
    }

    /// Lets it end by itself: it is told to, and its input ends.
    pub(super) async fn drain(mut self, manner_bytes_max: usize, grace: Duration) {
        let said = frame::write(&mut self.stdin, &Say::Drain, &[], manner_bytes_max).await;
        drop(self.stdin);
        if said.is_ok() && timeout(grace, self.running.ended()).await.is_ok() {
            return;
        }
        self.running.stop().await;
    }
}

fn hear(stderr: ChildStderr, handler: String, last: LastLine) -> JoinHandle<()> {
    tokio::spawn(async move { listen(stderr, &handler, &last).await })
}
