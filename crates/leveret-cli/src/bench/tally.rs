//! What has been counted so far, shared by all producers and consumers.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use hdrhistogram::Histogram;
use tokio::sync::Notify;

/// Latencies are told apart to a hundredth of their size.
const DIGITS: u8 = 2;

/// The longest latency that is told, in nanoseconds: ten minutes.
const LATENCY_MAX: u64 = 600 * 1_000_000_000;

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) published: AtomicU64,
    pub(super) confirmed: AtomicU64,
    pub(super) consumed: AtomicU64,
    /// Latencies count from when this is set.
    pub(super) is_measuring: AtomicBool,
    pub(super) is_over: AtomicBool,
    /// How many messages may still be published, where that is limited.
    left: AtomicU64,
    /// Told when a producer or consumer has reached the end of what there is to do.
    pub(super) progress: Notify,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) published: u64,
    pub(super) confirmed: u64,
    pub(super) consumed: u64,
}

impl Tally {
    pub(super) fn limited_to(messages: Option<u64>) -> Self {
        Self { left: AtomicU64::new(messages.unwrap_or(u64::MAX)), ..Self::default() }
    }

    /// Whether one more may be published; counts it.
    pub(super) fn take_one(&self) -> bool {
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        taken.is_ok() && !self.is_over.load(Ordering::Relaxed)
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            published: self.published.load(Ordering::Relaxed),
            confirmed: self.confirmed.load(Ordering::Relaxed),
            consumed: self.consumed.load(Ordering::Relaxed),
        }
    }

    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.progress.notify_waiters();
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

impl Counts {
    pub(super) const fn since(self, before: Self) -> Self {
        Self {
            published: self.published.saturating_sub(before.published),
            confirmed: self.confirmed.saturating_sub(before.confirmed),
            consumed: self.consumed.saturating_sub(before.consumed),
        }
    }
}

/// Latencies in nanoseconds, as one producer or consumer saw them.
#[derive(Debug, Clone)]
pub(super) struct Latencies(Option<Histogram<u64>>);

impl Latencies {
    pub(super) fn new() -> Self {
        Self(Histogram::new_with_max(LATENCY_MAX, DIGITS).ok())
    }

    pub(super) fn record(&mut self, nanos: u64) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(nanos);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        if let (Some(own), Some(other)) = (&mut self.0, &other.0) {
            // Both have the same bounds, so the sum has a place for each value.
            own.add(other).ok();
        }
    }

    /// The latency in milliseconds that so many of a hundred did not exceed.
    pub(super) fn percentile(&self, percent: f64) -> Option<f64> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        Some(millis(histogram.value_at_percentile(percent)))
    }

    pub(super) fn max(&self) -> Option<f64> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        Some(millis(histogram.max()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

/// Nanoseconds since 1970: producers and consumers may be different processes.
pub(super) fn now_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
