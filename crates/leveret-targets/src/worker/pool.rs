//! The workers of a handler: who is free, and when the next may be started.
//!
//! Keeps true: a worker is in the pool only while it has no message in hand. One that is taken
//! out and not put back, for whatever reason, is ended.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use leveret::{CONCURRENCY_MAX, Effects, Failure};
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::process::{Manner, Worker, WorkerError};
use super::protocol::Say;
use super::target::WorkerTarget;
use crate::delivery::Delivery;
use crate::error::TargetError;
use crate::metadata::metadata;
use crate::process::{Program, ProgramParts};

/// How long to wait before a worker is started again, after one failure; doubled for each more.
const BACK_OFF_FIRST: Duration = Duration::from_millis(50);

/// How often it is doubled: to 13 s.
const DOUBLINGS_MAX: u32 = 8;

/// How long a handler stops when a worker cannot be started.
const START_PAUSE: Duration = Duration::from_secs(5);

/// The longest frame that may be asked for, in bytes.
const FRAME_BYTES_MAX: usize = 512 * 1024 * 1024;

pub(super) struct Pool {
    manner: Arc<Manner>,
    seats: Semaphore,
    messages_max: u64,
    // A lock, since all attempts share it; held for one push or one pop.
    idle: Mutex<Vec<Worker>>,
    /// Since the last result.
    failures: AtomicU32,
    next_id: AtomicU64,
}

impl Pool {
    pub(super) fn new(target: WorkerTarget, name: &str, queue: &str) -> Result<Self, TargetError> {
        let wrong = |field| move |problem: String| TargetError::value(name, field, problem);
        let seats = target.processes.unwrap_or(CONCURRENCY_MAX);
        if !(1..=CONCURRENCY_MAX).contains(&seats) {
            let problem = format!("1 to {CONCURRENCY_MAX}, found {seats}");
            return Err(wrong("worker.processes")(problem));
        }
        let frame_bytes_max = target.frame_bytes_max;
        if !(1024..=FRAME_BYTES_MAX).contains(&frame_bytes_max) {
            let problem = format!("1024 to {FRAME_BYTES_MAX} bytes, found {frame_bytes_max}");
            return Err(wrong("worker.frame-bytes-max")(problem));
        }
        let program = Program::find(ProgramParts {
            argv: target.argv,
            working_dir: target.working_dir,
            variables: target.env,
            inherits: target.inherit_env,
        });
        let manner = Manner {
            handler: name.to_owned(),
            queue: queue.to_owned(),
            program: program.map_err(wrong("worker.argv"))?,
            start_timeout: target.start_timeout.0,
            silence_max: target.silence_max.0,
            grace: target.grace.0,
            frame_bytes_max,
        };
        Ok(Self {
            manner: Arc::new(manner),
            seats: Semaphore::new(seats),
            messages_max: target.messages_max.unwrap_or(u64::MAX),
            idle: Mutex::default(),
            failures: AtomicU32::new(0),
            next_id: AtomicU64::new(1),
        })
    }

    pub(super) async fn handle(&self, delivery: &Delivery) -> Effects {
        Effects::of(self.attempt(delivery).await)
    }

    async fn attempt(&self, delivery: &Delivery) -> Result<Effects, Failure> {
        // It is never closed.
        let _seat = self.seats.acquire().await;
        let mut worker = self.worker().await?;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let said = Say::Message { id, metadata: metadata(delivery, &self.manner.queue) };
        let body = delivery.message().body();
        let result = worker.handle(&said, id, body, &self.manner).await;
        match result {
            Ok((told, payload)) => match told.effects(&payload) {
                Ok(effects) => {
                    self.failures.store(0, Ordering::Relaxed);
                    self.put_back(worker);
                    Ok(effects)
                }
                Err(error) => {
                    self.count_failure();
                    let text = format!("the worker's result is not as the protocol says: {error}");
                    worker.end(WorkerError::OutOfTurn).await;
                    Err(Failure::transient(text).named("worker-broken"))
                }
            },
            Err(WorkerError::Unsent(error)) => {
                self.put_back(worker);
                Err(Failure::permanent(error).named("worker-message-too-long"))
            }
            Err(error) => {
                self.count_failure();
                let hangs = matches!(error, WorkerError::Hangs(_));
                let name = if hangs { "worker-hangs" } else { "worker-crashed" };
                let ended = worker.end(error).await;
                Err(Failure::transient(format!("the worker {ended}")).named(name))
            }
        }
    }

    /// One that waits, or a new one.
    async fn worker(&self) -> Result<Worker, Failure> {
        while let Some(mut worker) = self.take() {
            if worker.is_there(&self.manner).await {
                return Ok(worker);
            }
            tracing::warn!(handler = self.manner.handler, "a worker that waited is gone");
        }
        let failures = self.failures.load(Ordering::Relaxed);
        if let Some(exponent) = failures.checked_sub(1) {
            sleep(BACK_OFF_FIRST * 2_u32.pow(exponent.min(DOUBLINGS_MAX))).await;
        }
        Worker::start(&self.manner).await.map_err(|error| {
            self.count_failure();
            let text = format!("the worker {} {error}", self.manner.program.told());
            tracing::error!(
                handler = self.manner.handler,
                problem = text,
                "a worker has not started"
            );
            Failure::pause(START_PAUSE, text).named("worker-start")
        })
    }

    fn take(&self) -> Option<Worker> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put_back(&self, worker: Worker) {
        if worker.handled() < self.messages_max {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        } else {
            drain(worker, &self.manner);
        }
    }

    fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for worker in self.idle.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            drain(worker, &self.manner);
        }
    }
}

/// Without a runtime a worker is killed as it is dropped.
fn drain(worker: Worker, manner: &Manner) {
    if let Ok(runtime) = runtime::Handle::try_current() {
        runtime.spawn(worker.drain(manner.frame_bytes_max, manner.grace));
    }
}
