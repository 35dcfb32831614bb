//! Between an application under test and its broker.
//!
//! It sees all that passes, and cuts the connection when told to. What it records is what the broker was told and has answered, not what the application believes.

mod frames;
mod line;
mod parcel;
mod record;
mod steps;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::sync::Notify;

use frames::Frame;
use line::{Line, Side};
use steps::Verdict;

pub(crate) use parcel::Parcel;
pub(crate) use record::{Fate, Log, Settled, Taken, is_dead_letter};
pub(crate) use steps::Place;
pub use steps::{Cut, Point};

/// Bytes that wait in one direction.
const PIPE_BYTES: usize = 256 << 10;

/// All connections of one application.
#[derive(Debug, Default)]
pub(crate) struct Relay {
    // A lock, as two directions of each connection write to one record; held for one frame.
    state: Mutex<State>,
    /// Woken whenever something happens.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    log: Log,
    lines: BTreeMap<u64, Line>,
    lines_opened: u64,
}

/// Why one direction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Cut,
    Over,
}

/// How long a broker is heard after its application is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// It has answered what it was sent.
    Answered,
    Over,
}

impl Relay {
    /// These are the handlers, by their queues.
    pub(crate) fn know(&self, handlers: BTreeMap<String, String>) {
        self.lock().log.know(handlers);
    }

    /// Looks at the record.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        look(&self.lock().log)
    }

    /// One more cut, made once.
    pub(crate) fn cut(&self, place: Place, cut: Cut) {
        self.lock().log.steps.cut(place, cut);
    }

    /// Returns at the next thing that happens.
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// Messages that were delivered and are not settled.
    pub(crate) fn in_hand(&self) -> usize {
        self.lock().lines.values().map(Line::in_hand).sum()
    }

    /// The application's end of a line whose other end is this stream.
    pub(crate) fn before<S>(self: &Arc<Self>, broker: S) -> DuplexStream
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        tokio::spawn(self.clone().carry(theirs, broker));
        ours
    }

    async fn carry(self: Arc<Self>, app: DuplexStream, broker: impl AsyncRead + AsyncWrite) {
        let number = self.open();
        let (mut asked, mut answered) = (BytesMut::new(), BytesMut::new());
        let (up, down) = ((number, Side::ToBroker), (number, Side::ToApp));
        let (mut from_app, mut to_app) = tokio::io::split(app);
        let (mut from_broker, mut to_broker) = tokio::io::split(broker);
        let end = tokio::select! {
            end = self.pump(up, &mut from_app, &mut asked, &mut to_broker) => end,
            end = self.pump(down, &mut from_broker, &mut answered, &mut to_app) => end,
        };
        if end == End::Cut {
            drop((from_app, to_app));
            // What it has in hand counts, and it would not say so to somebody who is gone.
            self.hear(number, &mut from_broker, &mut answered, Until::Answered).await;
            to_broker.shutdown().await.ok();
        } else {
            to_broker.shutdown().await.ok();
            self.pump(down, &mut from_broker, &mut answered, &mut to_app).await;
        }
        self.hear(number, &mut from_broker, &mut answered, Until::Over).await;
        self.close(number);
    }

    async fn pump(
        &self,
        line: (u64, Side),
        from: &mut (impl AsyncRead + Unpin),
        buffer: &mut BytesMut,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> End {
        loop {
            loop {
                let frame = match Frame::take(buffer) {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(_) => return End::Over,
                };
                let verdict = self.pass(line, &frame);
                if verdict == Verdict::CutBefore {
                    return End::Cut;
                }
                let written = to.write_all(&frame.bytes).await;
                if verdict == Verdict::CutAfter {
                    return End::Cut;
                }
                if written.is_err() {
                    return End::Over;
                }
            }
            match from.read_buf(buffer).await {
                Ok(0) | Err(_) => return End::Over,
                Ok(_) => {}
            }
        }
    }

    /// Takes note of what the broker says to nobody.
    async fn hear(
        &self,
        number: u64,
        from: &mut (impl AsyncRead + Unpin),
        buffer: &mut BytesMut,
        until: Until,
    ) {
        while until == Until::Over || self.awaits_answer(number) {
            match Frame::take(buffer) {
                Ok(Some(frame)) => {
                    self.pass((number, Side::ToApp), &frame);
                    continue;
                }
                Ok(None) => {}
                Err(_) => return,
            }
            match from.read_buf(buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn awaits_answer(&self, number: u64) -> bool {
        self.lock().lines.get(&number).is_some_and(Line::awaits_answer)
    }

    fn pass(&self, (number, side): (u64, Side), frame: &Frame) -> Verdict {
        let mut state = self.lock();
        let State { log, lines, .. } = &mut *state;
        let events = log.events;
        let verdict = lines.entry(number).or_default().pass(side, frame, log);
        let has_happened = log.events != events;
        drop(state);
        // Only then: who looks at queues would be woken by the look itself.
        if has_happened {
            self.changed.notify_waiters();
        }
        verdict
    }

    fn open(&self) -> u64 {
        let mut state = self.lock();
        state.lines_opened += 1;
        state.log.events += 1;
        state.lines_opened
    }

    fn close(&self, number: u64) {
        let mut state = self.lock();
        state.lines.remove(&number);
        state.log.events += 1;
        drop(state);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
