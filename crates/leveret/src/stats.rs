//! What has happened so far, handler by handler.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::bell::Bell;
use crate::histogram::{Histogram, OPERATIONS_MS, WAITS_MS};
use crate::last_error::ErrorSlot;
use crate::parked::ParkedKeys;

/// How long what held a message back may take to hand it on: a ladder counts in tenths of a second.
const ON_ITS_WAY: Duration = Duration::from_millis(250);

/// Counts since the application started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// By the handlers' names.
    pub handlers: BTreeMap<String, HandlerStats>,
    /// How often a connection had to be opened again.
    pub reconnects: u64,
}

/// Counts of one handler.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerStats {
    /// Messages received, each time they were.
    pub received: u64,
    /// Messages handled and acknowledged.
    pub handled: u64,
    /// Messages published by it.
    pub published: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Attempts that failed and were followed by another at once.
    pub retried: u64,
    /// Messages that are to come back after a pause.
    pub postponed: u64,
    /// Messages that became dead letters.
    pub dead_lettered: u64,
    /// Messages whose error was reported: see [`Handler::route_errors`](crate::Handler::route_errors).
    pub reported: u64,
    /// Messages it did not want.
    pub rejected: u64,
    /// Messages dropped because an inbox knew them.
    pub duplicates: u64,
    /// Messages dropped because of a rule ([`Rule::Drop`](crate::Rule::Drop)).
    pub dropped: u64,
    /// Requests dropped because whoever asked had given up ([`Deadline`](crate::Deadline)).
    pub expired: u64,
    /// Replies to messages that wanted none.
    pub replies_dropped: u64,
    /// Outputs that no queue took.
    pub unroutable: u64,
    /// How often it stopped pulling because what it depends on failed.
    pub pauses: u64,
    /// Messages being handled now, and those that wait in hand for the end of a pause.
    pub in_flight: u64,
    /// Workers to which the broker delivers on the connection there is now.
    pub consumers: u64,
    /// Whether it pulls.
    pub flow: Flow,
}

/// Whether a handler pulls messages: see [`Handler::kill_switch`](crate::Handler::kill_switch).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Flow {
    /// As always.
    #[default]
    Flowing,
    /// It has stopped, as what it depends on fails.
    Paused,
    /// One worker tries one message.
    Probing,
}

impl Stats {
    /// Counts of one handler; all zero for an unknown name.
    pub fn handler(&self, name: &str) -> HandlerStats {
        self.handlers.get(name).copied().unwrap_or_default()
    }
}

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Received,
    Handled,
    Published,
    Failed,
    Retried,
    Postponed,
    DeadLettered,
    Reported,
    Rejected,
    Duplicate,
    Dropped,
    Expired,
    ReplyDropped,
    Unroutable,
    Paused,
}

const COUNTS: usize = Count::Paused as usize + 1;

#[derive(Debug)]
pub(crate) struct Counters {
    counts: [AtomicU64; COUNTS],
    in_flight: AtomicU64,
    /// A `Flow` as its number.
    flow: AtomicU8,
    consumers: AtomicU64,
    pub(crate) last_error: ErrorSlot,
    pub(crate) parked: ParkedKeys,
    /// Until when messages that it has postponed are held back, in milliseconds since `born_at`.
    held_until_ms: AtomicU64,
    born_at: Instant,
    /// How long single attempts took.
    pub(crate) attempts: Histogram,
    /// How old messages were when they were received.
    pub(crate) ages: Histogram,
    /// How long messages that came for the first time had been in the queue.
    pub(crate) waits: Histogram,
    /// Rung whenever a message begins or is settled, and when a worker comes or goes.
    bell: Arc<Bell>,
}

impl Counters {
    pub(crate) fn new(bell: Arc<Bell>) -> Self {
        Self {
            counts: Default::default(),
            in_flight: AtomicU64::new(0),
            consumers: AtomicU64::new(0),
            held_until_ms: AtomicU64::new(0),
            born_at: Instant::now(),
            flow: AtomicU8::new(Flow::Flowing as u8),
            last_error: ErrorSlot::default(),
            parked: ParkedKeys::default(),
            attempts: Histogram::new(&OPERATIONS_MS),
            ages: Histogram::new(&WAITS_MS),
            waits: Histogram::new(&WAITS_MS),
            bell,
        }
    }

    pub(crate) fn add(&self, count: Count, much: u64) {
        if much > 0
            && let Some(counter) = self.counts.get(count as usize)
        {
            counter.fetch_add(much, Ordering::Relaxed);
        }
    }

    pub(crate) fn flow(&self, flow: Flow) {
        self.flow.swap(flow as u8, Ordering::SeqCst);
        self.bell.ring();
    }

    /// A message is held back for this time, and comes again then.
    pub(crate) fn hold_back(&self, pause: Duration) {
        let until = self.born_at.elapsed() + pause + ON_ITS_WAY;
        let until_ms = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
        self.held_until_ms.fetch_max(until_ms, Ordering::Relaxed);
    }

    /// Whether one of those may still be held back.
    pub(crate) fn is_holding_back(&self) -> bool {
        let now_ms = self.born_at.elapsed().as_millis();
        u128::from(self.held_until_ms.load(Ordering::Relaxed)) > now_ms
    }

    /// A message is in hand until the guard is dropped.
    pub(crate) fn begin(&self) -> InFlight<'_> {
        self.add(Count::Received, 1);
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        self.bell.ring();
        InFlight(self)
    }

    /// The broker delivers to a worker until the guard is dropped.
    pub(crate) fn consume(&self) -> Consuming<'_> {
        self.consumers.fetch_add(1, Ordering::SeqCst);
        self.bell.ring();
        Consuming(self)
    }

    pub(crate) fn read(&self) -> HandlerStats {
        let count = |count: Count| {
            self.counts.get(count as usize).map_or(0, |counter| counter.load(Ordering::Relaxed))
        };
        HandlerStats {
            received: count(Count::Received),
            handled: count(Count::Handled),
            published: count(Count::Published),
            failed: count(Count::Failed),
            retried: count(Count::Retried),
            postponed: count(Count::Postponed),
            dead_lettered: count(Count::DeadLettered),
            reported: count(Count::Reported),
            rejected: count(Count::Rejected),
            duplicates: count(Count::Duplicate),
            dropped: count(Count::Dropped),
            expired: count(Count::Expired),
            replies_dropped: count(Count::ReplyDropped),
            unroutable: count(Count::Unroutable),
            pauses: count(Count::Paused),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            flow: match self.flow.load(Ordering::Relaxed) {
                number if number == Flow::Paused as u8 => Flow::Paused,
                number if number == Flow::Probing as u8 => Flow::Probing,
                _ => Flow::Flowing,
            },
            consumers: self.consumers.load(Ordering::Relaxed),
        }
    }
}

#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a Counters);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.0.bell.ring();
    }
}

#[derive(Debug)]
pub(crate) struct Consuming<'a>(&'a Counters);

impl Drop for Consuming<'_> {
    fn drop(&mut self) {
        self.0.consumers.fetch_sub(1, Ordering::SeqCst);
        self.0.bell.ring();
    }
}
