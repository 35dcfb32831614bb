//! What one run of a client came to, and how it is measured.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// What one run came to; a child process prints it as JSON.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) messages: u64,
    pub(crate) seconds: f64,
    /// User and system time of all threads of the process, as `getrusage` counts it too.
    pub(crate) cpu_seconds: f64,
    /// Microseconds, where each message was timed.
    pub(crate) latency: Option<Latency>,
}

/// How long single messages took, in microseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Sample {
    /// Messages a second.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 messages")]
    pub(crate) fn rate(&self) -> f64 {
        self.messages as f64 / self.seconds
    }

    /// Microseconds of the client's processor per message.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 messages")]
    pub(crate) fn cpu_micros(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.messages as f64
    }
}

/// Measures from when it is made.
#[derive(Debug)]
pub(super) struct Meter {
    began_at: Instant,
    cpu_before: Duration,
    laps: Vec<Duration>,
}

impl Meter {
    pub(super) fn start() -> Self {
        Self { began_at: Instant::now(), cpu_before: cpu(), laps: Vec::new() }
    }

    /// Notes how long one message took.
    pub(super) fn lap(&mut self, since: Instant) {
        self.laps.push(since.elapsed());
    }

    pub(super) fn stop(mut self, messages: u64) -> Sample {
        let (seconds, cpu) = (self.began_at.elapsed(), cpu().saturating_sub(self.cpu_before));
        self.laps.sort_unstable();
        let at = |percent: usize| {
            let lap = self.laps.get(self.laps.len() * percent / 100)?;
            Some(lap.as_secs_f64() * 1e6)
        };
        let latency = at(50).zip(at(99)).map(|(p50, p99)| Latency { p50, p99 });
        Sample { messages, seconds: seconds.as_secs_f64(), cpu_seconds: cpu.as_secs_f64(), latency }
    }
}

/// Processor time of this process so far, in nanoseconds rather than in ticks.
pub(crate) fn cpu() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}
