//! How far a run is, and what it cost between its first and its last message.

use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::Notify;

use crate::client::{Sample, cpu};

/// What each message carries.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    id: u64,
    customer: String,
    items: Vec<String>,
    total: f64,
}

/// The same as JSON.
pub(super) const ORDER: &[u8] =
    br#"{"id":81726354,"customer":"Ann Example","items":["paper","ink","a lamp"],"total":99.5}"#;

/// Counts messages; the first tenth warms up.
#[derive(Debug)]
pub(super) struct Progress {
    messages: u64,
    handled: AtomicU64,
    began: OnceLock<(Instant, Duration)>,
    ended: OnceLock<(Instant, Duration)>,
    is_over: Notify,
}

impl Progress {
    pub(super) fn new(messages: u64) -> Self {
        Self {
            messages,
            handled: AtomicU64::new(0),
            began: OnceLock::new(),
            ended: OnceLock::new(),
            is_over: Notify::new(),
        }
    }

    /// One more message was handled.
    pub(super) fn note(&self, order: Order) {
        let Order { id, customer, items, total } = black_box(order);
        black_box((id, customer.len(), items.len(), total));
        let handled = self.handled.fetch_add(1, Ordering::Relaxed) + 1;
        if handled == self.messages / 10 {
            self.began.get_or_init(|| (Instant::now(), cpu()));
        } else if handled == self.messages {
            self.ended.get_or_init(|| (Instant::now(), cpu()));
            self.is_over.notify_one();
        }
    }

    /// What the messages after the warm-up cost.
    pub(super) async fn over(&self) -> Option<Sample> {
        self.is_over.notified().await;
        let ((began, cpu_before), (ended, cpu_after)) = (self.began.get()?, self.ended.get()?);
        Some(Sample {
            messages: self.messages - self.messages / 10,
            seconds: ended.duration_since(*began).as_secs_f64(),
            cpu_seconds: cpu_after.saturating_sub(*cpu_before).as_secs_f64(),
            latency: None,
        })
    }
}
