//! Threads for functions that block: bounded, started when needed, used again.
//!
//! They are no threads of tokio's: its runtime waits for its own when it ends, and a function
//! that hangs would keep the program from ending.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::Span;

/// The threads of one handler: at most as many as it has seats.
#[derive(Debug, Clone)]
pub(crate) struct Threads {
    name: Arc<str>,
    seats: Arc<Semaphore>,
    idle: Arc<Idle>,
}

/// Ways to threads that wait for work; dropped, they end.
// A lock, as threads come back by themselves; held for one push or pop.
#[derive(Debug, Default)]
struct Idle(Mutex<Vec<Sender<Job>>>);

/// The right to one thread, kept until what runs on it has ended, however long that takes.
#[derive(Debug)]
pub(crate) struct Seat {
    threads: Threads,
    permit: OwnedSemaphorePermit,
}

/// Runs, and gives what tells the outcome once the thread is free again.
type Work = Box<dyn FnOnce() -> Tell + Send>;
type Tell = Box<dyn FnOnce()>;

struct Job {
    work: Work,
    permit: OwnedSemaphorePermit,
}

impl Threads {
    pub(crate) fn new(name: &str, max: usize) -> Self {
        let seats = Arc::new(Semaphore::new(max));
        Self { name: name.into(), seats, idle: Arc::default() }
    }

    /// Waits for a free seat.
    pub(crate) async fn seat(&self) -> Option<Seat> {
        let permit = self.seats.clone().acquire_owned().await.ok()?;
        Some(Seat { threads: self.clone(), permit })
    }

    fn hand_over(&self, mut job: Job) -> io::Result<()> {
        while let Some(thread) = self.idle.pop() {
            match thread.send(job) {
                Ok(()) => return Ok(()),
                Err(refused) => job = refused.0,
            }
        }
        let idle = Arc::downgrade(&self.idle);
        let name = format!("{} (blocking)", self.name);
        thread::Builder::new().name(name).spawn(move || work_on(job, &idle)).map(drop)
    }
}

impl Seat {
    /// Runs the function on a thread. A panic goes on here; dropped, the function runs on.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        function: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        #[cfg(feature = "test-kit")]
        let _held = hold_clock();
        let (told, outcome) = oneshot::channel();
        let (span, runtime) = (Span::current(), Handle::current());
        let work = move || {
            let _runtime = runtime.enter();
            let ended = catch_unwind(AssertUnwindSafe(|| span.in_scope(function)));
            // Nobody may wait any more: the time limit has passed.
            Box::new(move || drop(told.send(ended))) as Tell
        };
        self.threads.hand_over(Job { work: Box::new(work), permit: self.permit })?;
        match outcome.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(io::Error::other("its thread has ended")),
        }
    }
}

fn work_on(mut job: Job, idle: &Weak<Idle>) {
    loop {
        let Job { work, permit } = job;
        let tell = work();
        let Some(idle) = idle.upgrade() else { return tell() };
        // Idle before its seat is free: whoever takes that finds it, and starts no other.
        let (sender, jobs) = channel();
        idle.push(sender);
        drop((idle, permit));
        tell();
        match jobs.recv() {
            Ok(next) => job = next,
            Err(_) => return,
        }
    }
}

impl Idle {
    fn push(&self, thread: Sender<Job>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    fn pop(&self) -> Option<Sender<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

/// Keeps a paused clock where it is, as tokio's own blocking threads do: it cannot see ours.
#[cfg(feature = "test-kit")]
fn hold_clock() -> Sender<()> {
    let (held, released) = channel::<()>();
    tokio::task::spawn_blocking(move || released.recv());
    held
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    async fn run<T: Send + 'static>(
        threads: &Threads,
        function: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        threads.seat().await.unwrap().run(function).await.unwrap()
    }

    #[tokio::test]
    async fn one_after_the_other_uses_one_thread() {
        let threads = Threads::new("work", 4);
        let mut seen = HashSet::new();
        for _ in 0..20 {
            seen.insert(run(&threads, || thread::current().id()).await);
        }
        assert_eq!(seen.len(), 1);
        assert_eq!(
            run(&threads, || thread::current().name().map(str::to_owned)).await.unwrap(),
            "work (blocking)"
        );
    }

    #[tokio::test]
    async fn a_panic_is_handed_on_and_the_thread_stays() {
        let threads = Threads::new("work", 1);
        let before = run(&threads, || thread::current().id()).await;
        let panicking = threads.clone();
        let ended = tokio::spawn(async move { run(&panicking, || panic!("ouch")).await });
        let panic = ended.await.unwrap_err().into_panic();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"ouch"));
        assert_eq!(run(&threads, || thread::current().id()).await, before);
    }

    #[tokio::test]
    async fn a_seat_is_taken_until_its_function_ends_though_nobody_waits() {
        let threads = Threads::new("work", 1);
        let (end, ended) = channel::<()>();
        let waiting = threads.seat().await.unwrap().run(move || ended.recv().is_err());
        tokio::select! { biased; _ = waiting => unreachable!(), () = async {} => {} }
        assert_eq!(threads.seats.available_permits(), 0);
        drop(end);
        assert!(threads.seat().await.is_some());
    }
}
