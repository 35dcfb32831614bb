//! Deliveries between the reader and the consumer they are for.
//!
//! The reader never waits here. Keeps true: the gate knows the level of every buffer that is
//! not dropped yet.

use std::{
    collections::VecDeque,
    mem,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use leveret_protocol::ShortStr;
use tokio::sync::Notify;

use crate::{
    error::ConsumerEnd,
    link::{Gate, Level},
    lock::Lock,
    message::Delivery,
};

/// A buffer is full with this much; see [`Gate`] for what that means.
const FULL_BYTES: usize = 4 * 1024 * 1024;

/// A buffer is brimming with this much.
const BRIMMING_BYTES: usize = 16 * FULL_BYTES;

/// What a delivery costs beside its body.
const DELIVERY_BYTES: usize = 512;

/// A consumer's buffer.
#[derive(Debug)]
pub(crate) struct ConsumerQueue {
    pub(crate) is_no_ack: bool,
    /// Whether the broker's prefetch limit bounds it.
    is_bounded_by_prefetch: bool,
    gate: Arc<Gate>,
    // The reader fills and the consumer's task empties; a bounded channel would make the reader
    // wait for the consumer.
    state: Lock<State>,
    ended: Notify,
}

/// What an abandoned consumer leaves behind.
#[derive(Debug)]
pub(crate) struct Leftovers {
    /// Deliveries that nobody took.
    pub(crate) deliveries: VecDeque<Delivery>,
    /// The consumer's name, if the broker still runs it.
    pub(crate) running: Option<ShortStr>,
}

#[derive(Debug, Default)]
struct State {
    ready: VecDeque<Delivery>,
    bytes: usize,
    level: Level,
    waker: Option<Waker>,
    end: Option<ConsumerEnd>,
    /// Its name, from when the broker has said that it runs.
    tag: Option<ShortStr>,
    is_abandoned: bool,
}

impl ConsumerQueue {
    pub(crate) fn new(gate: Arc<Gate>, is_no_ack: bool, prefetch: u16) -> Self {
        let is_bounded_by_prefetch = !is_no_ack && prefetch > 0;
        let (state, ended) = (Lock::default(), Notify::new());
        Self { is_no_ack, is_bounded_by_prefetch, gate, state, ended }
    }

    /// Adds a delivery; gives it back if nobody will take it.
    pub(crate) fn push(&self, delivery: Delivery) -> Result<(), Box<Delivery>> {
        let mut state = self.state.lock();
        if state.is_abandoned {
            return Err(Box::new(delivery));
        }
        state.bytes += delivery.body.len() + DELIVERY_BYTES;
        state.ready.push_back(delivery);
        if !self.is_bounded_by_prefetch {
            self.set_level(&mut state);
        }
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    fn set_level(&self, state: &mut State) {
        if state.end.is_some() {
            return;
        }
        let level = match state.bytes {
            0..FULL_BYTES => Level::Fine,
            FULL_BYTES..BRIMMING_BYTES => Level::Full,
            BRIMMING_BYTES.. => Level::Brimming,
        };
        self.gate.shift(mem::replace(&mut state.level, level), level);
    }

    /// Nothing more will come.
    pub(crate) fn end(&self, end: ConsumerEnd) {
        let mut state = self.state.lock();
        state.end.get_or_insert(end);
        // What is here stays until it is taken, but reading on adds nothing to it.
        self.gate.shift(mem::take(&mut state.level), Level::Fine);
        let waker = state.waker.take();
        drop(state);
        self.ended.notify_waiters();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn why_ended(&self) -> Option<ConsumerEnd> {
        self.state.lock().end.clone()
    }

    /// Waits until nothing more comes, and says why.
    pub(crate) async fn ended(&self) -> ConsumerEnd {
        loop {
            let ended = self.ended.notified();
            if let Some(end) = self.why_ended() {
                return end;
            }
            ended.await;
        }
    }

    /// Swaps all that is there for the empty `batch`; ready without any means the end.
    pub(crate) fn poll_take(
        &self,
        context: &Context<'_>,
        batch: &mut VecDeque<Delivery>,
    ) -> Poll<()> {
        let mut state = self.state.lock();
        if !state.ready.is_empty() {
            self.drain(&mut state, batch);
            return Poll::Ready(());
        }
        if state.end.is_some() {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// The same without waiting.
    pub(crate) fn take(&self, batch: &mut VecDeque<Delivery>) {
        self.drain(&mut self.state.lock(), batch);
    }

    fn drain(&self, state: &mut State, batch: &mut VecDeque<Delivery>) {
        mem::swap(&mut state.ready, batch);
        state.bytes = 0;
        self.set_level(state);
    }

    /// The broker has started it; whether anyone still wants it.
    pub(crate) fn start(&self, tag: ShortStr) -> bool {
        let mut state = self.state.lock();
        state.tag = Some(tag);
        !state.is_abandoned
    }

    /// Nobody will take any more.
    pub(crate) fn abandon(&self) -> Leftovers {
        let mut state = self.state.lock();
        state.is_abandoned = true;
        let mut deliveries = VecDeque::new();
        self.drain(&mut state, &mut deliveries);
        let running = if state.end.is_none() { state.tag.clone() } else { None };
        Leftovers { deliveries, running }
    }
}
