//! What waits to be written to the socket.
//!
//! Every handle encodes straight into one buffer; the writer takes the whole buffer at once.
//! Keeps true: frames leave in the order they were pushed.

use std::{
    io, mem,
    sync::atomic::{AtomicBool, Ordering},
};

use leveret_protocol::FrameBuffer;
use tokio::sync::Notify;

use crate::{link::gathering::Gathering, lock::Lock};

/// Publishers wait while this much is not written yet. Settlements and requests do not wait:
/// their number is bounded by what was delivered and by who asks.
const HIGH_WATER_BYTES: usize = 512 * 1024;

/// What may be written later is written from here on.
const LAZY_BYTES_MAX: usize = 16 * 1024;

/// When pushed frames are to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    /// As soon as the writer is free.
    Now,
    /// With the next that leave now.
    Later,
}

/// The one way out of a connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    // Handles in any task push, one writer takes; an owner task between them would cost each
    // publish a wake-up.
    state: Lock<State>,
    is_full: AtomicBool,
    writer_wakes: Notify,
    has_room: Notify,
    has_failed: Notify,
}

#[derive(Debug)]
struct State {
    frames: FrameBuffer,
    frame_max: u32,
    is_writer_waiting: bool,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Open,
    /// What is there is written, then the stream ends.
    Finishing,
    /// Nothing is written any more.
    Over(Option<io::Error>),
}

impl Outbox {
    pub(crate) fn new(frame_max: u32) -> Self {
        Self {
            state: Lock::new(State {
                frames: FrameBuffer::new(),
                frame_max,
                is_writer_waiting: false,
                phase: Phase::Open,
            }),
            is_full: AtomicBool::new(false),
            writer_wakes: Notify::new(),
            has_room: Notify::new(),
            has_failed: Notify::new(),
        }
    }

    /// The longest frame that the broker takes, once it is known.
    pub(crate) fn limit_frames(&self, frame_max: u32) {
        self.state.lock().frame_max = frame_max;
    }

    /// Lets `encode` append frames; after the end they go nowhere.
    pub(crate) fn push<R>(
        &self,
        flush: Flush,
        encode: impl FnOnce(&mut FrameBuffer, u32) -> R,
    ) -> R {
        let mut state = self.state.lock();
        let frame_max = state.frame_max;
        let result = encode(&mut state.frames, frame_max);
        let waiting = state.frames.len();
        match state.phase {
            Phase::Open | Phase::Finishing => {}
            Phase::Over(_) => {
                state.frames = FrameBuffer::new();
                return result;
            }
        }
        if waiting >= HIGH_WATER_BYTES {
            self.is_full.store(true, Ordering::Relaxed);
        }
        if state.is_writer_waiting && (flush == Flush::Now || waiting >= LAZY_BYTES_MAX) {
            state.is_writer_waiting = false;
            self.writer_wakes.notify_one();
        }
        result
    }

    /// Whether publishers are to wait for [`room`](Self::room).
    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Waits until less than the high-water mark waits, or the connection is over.
    pub(crate) async fn room(&self) {
        while self.is_full() {
            let room = self.has_room.notified();
            if !self.is_full() {
                return;
            }
            room.await;
        }
    }

    /// All that waits, in exchange for an empty buffer; `None` when nothing will come any more.
    pub(crate) async fn take(
        &self,
        mut empty: FrameBuffer,
        gathering: &mut Gathering,
    ) -> Option<FrameBuffer> {
        if gathering.is_due() {
            tokio::task::yield_now().await;
            gathering.note(!self.state.lock().frames.is_empty());
        }
        loop {
            {
                let mut state = self.state.lock();
                if !state.frames.is_empty() {
                    mem::swap(&mut state.frames, &mut empty);
                    return Some(empty);
                }
                match state.phase {
                    Phase::Open => state.is_writer_waiting = true,
                    Phase::Finishing | Phase::Over(_) => return None,
                }
            }
            self.writer_wakes.notified().await;
        }
    }

    /// What was taken is written: publishers may go on.
    pub(crate) fn note_written(&self) {
        if self.is_full.swap(false, Ordering::Relaxed) {
            self.has_room.notify_waiters();
        }
    }

    /// Writes what is there, then ends the stream.
    pub(crate) fn finish(&self) {
        self.end(Phase::Finishing);
    }

    /// Writes nothing more.
    pub(crate) fn fail(&self, error: Option<io::Error>) {
        self.end(Phase::Over(error));
        self.has_failed.notify_one();
    }

    fn end(&self, phase: Phase) {
        {
            let mut state = self.state.lock();
            match state.phase {
                Phase::Over(_) => {}
                Phase::Open | Phase::Finishing => {
                    if matches!(phase, Phase::Over(_)) {
                        state.frames = FrameBuffer::new();
                    }
                    state.phase = phase;
                }
            }
            state.is_writer_waiting = false;
        }
        self.is_full.store(false, Ordering::Relaxed);
        self.has_room.notify_waiters();
        self.writer_wakes.notify_one();
    }

    /// Waits until the writer has failed; says why, once.
    pub(crate) async fn failure(&self) -> Option<io::Error> {
        loop {
            {
                let mut state = self.state.lock();
                if let Phase::Over(error) = &mut state.phase {
                    return error.take();
                }
            }
            self.has_failed.notified().await;
        }
    }
}
