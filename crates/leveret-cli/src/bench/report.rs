//! The figures of one measurement, for people and for programs.

use std::{fmt, time::Duration};

use serde::Serialize;

use super::tally::{Counts, Latencies};

/// The figures of one measurement.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    pub(super) seconds: f64,
    pub(super) published: u64,
    pub(super) confirmed: u64,
    pub(super) consumed: u64,
    pub(super) published_per_second: f64,
    pub(super) confirmed_per_second: f64,
    pub(super) consumed_per_second: f64,
    /// Milliseconds from the publish until the delivery was taken.
    pub(super) delivery_latency: Option<Percentiles>,
    /// Milliseconds from the publish until its confirm was taken.
    pub(super) confirm_latency: Option<Percentiles>,
    /// Microseconds of this process per message published or consumed, whichever are more.
    pub(super) client_cpu_per_message: f64,
    /// The same of the broker's process, and how much of one processor it used.
    pub(super) broker: Option<BrokerFigures>,
}

/// What the broker's process used.
#[derive(Debug, Clone, Serialize)]
pub(super) struct BrokerFigures {
    pub(super) cpu_per_message: f64,
    pub(super) busy_percent: f64,
    pub(super) resident_bytes: u64,
}

/// Milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Percentiles {
    p50: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

/// What was used between two moments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    pub(super) wall: Duration,
    pub(super) client: Duration,
    pub(super) broker: Option<(Duration, u64)>,
}

impl Report {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub(super) fn new(counts: Counts, used: Used) -> Self {
        let seconds = used.wall.as_secs_f64();
        let messages = counts.published.max(counts.consumed).max(1) as f64;
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / messages;
        let broker = used.broker.map(|(time, resident_bytes)| BrokerFigures {
            cpu_per_message: micros(time),
            busy_percent: time.as_secs_f64() / seconds * 100.0,
            resident_bytes,
        });
        Self {
            seconds,
            published: counts.published,
            confirmed: counts.confirmed,
            consumed: counts.consumed,
            published_per_second: counts.published as f64 / seconds,
            confirmed_per_second: counts.confirmed as f64 / seconds,
            consumed_per_second: counts.consumed as f64 / seconds,
            delivery_latency: None,
            confirm_latency: None,
            client_cpu_per_message: micros(used.client),
            broker,
        }
    }
}

impl Percentiles {
    pub(super) fn of(latencies: &Latencies) -> Option<Self> {
        Some(Self {
            p50: latencies.percentile(50.0)?,
            p95: latencies.percentile(95.0)?,
            p99: latencies.percentile(99.0)?,
            max: latencies.max()?,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "measured   {:.1} s", self.seconds)?;
        let rows = [
            ("published", self.published, self.published_per_second),
            ("confirmed", self.confirmed, self.confirmed_per_second),
            ("consumed", self.consumed, self.consumed_per_second),
        ];
        for (name, count, rate) in rows.iter().filter(|(_, count, _)| *count > 0) {
            writeln!(f, "{name:<10} {count:>11} {rate:>11.0}/s")?;
        }
        for (name, latency) in
            [("delivery", &self.delivery_latency), ("confirm", &self.confirm_latency)]
        {
            if let Some(Percentiles { p50, p95, p99, max }) = latency {
                writeln!(
                    f,
                    "{name:<10} p50 {p50:.3}  p95 {p95:.3}  p99 {p99:.3}  max {max:.3} ms"
                )?;
            }
        }
        write!(f, "client     {:.2} us of processor per message", self.client_cpu_per_message)?;
        if let Some(broker) = &self.broker {
            write!(
                f,
                "\nbroker     {:.2} us of processor per message, {:.0} % busy, {} MiB in memory",
                broker.cpu_per_message,
                broker.busy_percent,
                broker.resident_bytes / (1024 * 1024),
            )?;
        }
        Ok(())
    }
}
