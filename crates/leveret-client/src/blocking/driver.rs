//! What runs the connections of threads that wait.
//!
//! The waiting thread polls its own future and sleeps in between; sockets and timers are served
//! by the runtime. So a call costs no task and no hop between threads beyond the wake-up.

use std::{
    future::Future,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use tokio::{
    runtime::{Builder, Handle},
    task::coop,
};

use crate::lock::Lock;

/// A runtime for blocking calls: one thread that the process shares, or one that is given.
#[derive(Debug, Clone)]
pub struct Driver {
    handle: Handle,
}

/// A blocking call was made in an async task, which it would have held up, for ever perhaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a blocking call was made inside an async task: use the async API there, or make the call \
     in tokio::task::spawn_blocking"
)]
pub struct InsideAsync;

/// The shared runtime, from when it was first wanted.
// Threads that open their first connection at once must not start two.
static SHARED: Lock<Option<Handle>> = Lock::new(None);

impl Driver {
    /// The runtime thread that all of the process share; the first call starts it.
    pub fn shared() -> io::Result<Self> {
        let mut shared = SHARED.lock();
        if let Some(handle) = &*shared {
            return Ok(Self { handle: handle.clone() });
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let run = move || runtime.block_on(std::future::pending::<()>());
        drop(thread::Builder::new().name("leveret-io".to_owned()).spawn(run)?);
        *shared = Some(handle.clone());
        Ok(Self { handle })
    }

    /// A runtime that is there already, with I/O and time enabled.
    ///
    /// Of a runtime of one thread, that thread must be running it for as long as a call waits.
    pub const fn on(handle: Handle) -> Self {
        Self { handle }
    }

    /// Waits for a future on this thread.
    pub(super) fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, InsideAsync> {
        if is_inside_task() {
            return Err(InsideAsync);
        }
        let _entered = self.handle.enter();
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            match future.as_mut().poll(&mut context) {
                Poll::Ready(output) => return Ok(output),
                Poll::Pending => thread::park(),
            }
        }
    }
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Whether an async task runs on this thread right now, which it may not block.
///
/// Tokio gives each task a budget of steps until it must yield, and none to a thread of
/// `spawn_blocking` or `block_in_place`. So whoever runs out of steps is in a task.
fn is_inside_task() -> bool {
    if Handle::try_current().is_err() {
        return false;
    }
    let mut context = Context::from_waker(Waker::noop());
    // Dropped at the end, it gives all steps back.
    let Poll::Ready(_budget) = coop::poll_proceed(&mut context) else { return true };
    (0..u8::MAX).any(|_| match coop::poll_proceed(&mut context) {
        Poll::Ready(step) => {
            step.made_progress();
            false
        }
        Poll::Pending => true,
    })
}
