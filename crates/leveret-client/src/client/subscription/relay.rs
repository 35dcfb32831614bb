//! Consumers on their way from the keeper to who receives.
//!
//! Keeps true: what is worth nothing any more is replaced, so a receiver that is slow does not
//! keep its subscription from being live; what can still be settled waits, up to a bound.

use std::{
    collections::VecDeque,
    mem,
    task::{Context, Poll, Waker},
};

use tokio::sync::Notify;

use super::running::Running;
use crate::lock::Lock;

/// So many consumers wait to be received from, then no more are started.
const WAITING_MAX: usize = 8;

/// Consumers on their way.
#[derive(Debug, Default)]
pub(super) struct Relay {
    // Both sides touch it for a moment; with a bounded channel nothing could be taken back.
    state: Lock<State>,
    /// The receiver has taken some, or has gone.
    moved: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Running>,
    /// Nobody receives any more.
    is_closed: bool,
    /// No more consumers come.
    is_over: bool,
    waker: Option<Waker>,
}

impl Relay {
    /// Waits until one more consumer may come.
    pub(super) async fn room(&self) {
        loop {
            let moved = self.moved.notified();
            drop(self.take_stale());
            if self.state.lock().waiting.len() < WAITING_MAX {
                return;
            }
            moved.await;
        }
    }

    /// Hands a consumer over.
    pub(super) fn put(&self, running: Running) {
        let mut state = self.state.lock();
        state.waiting.push_back(running);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        drop(self.take_stale());
    }

    /// The next consumer; nothing once none comes any more.
    pub(super) fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Running>> {
        let mut state = self.state.lock();
        if let Some(running) = state.waiting.pop_front() {
            self.moved.notify_waiters();
            return Poll::Ready(Some(running));
        }
        if state.is_over || state.is_closed {
            return Poll::Ready(None);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// The receiver wants no more.
    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.moved.notify_waiters();
    }

    /// Waits until the receiver wants no more.
    pub(super) async fn closed(&self) {
        loop {
            let moved = self.moved.notified();
            if self.state.lock().is_closed {
                return;
            }
            moved.await;
        }
    }

    /// No more consumers come.
    pub(super) fn finish(&self) {
        let mut state = self.state.lock();
        state.is_over = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Consumers whose deliveries come again on another.
    fn take_stale(&self) -> VecDeque<Running> {
        let mut state = self.state.lock();
        let (over, waiting) =
            mem::take(&mut state.waiting).into_iter().partition(|known| known.life.is_over());
        state.waiting = waiting;
        over
    }
}
