//! What one run came to.

use std::fmt;
use std::time::Duration;

/// Messages handled, how long it took, and what it cost this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) messages: u64,
    pub(crate) time: Duration,
    pub(crate) cpu: Duration,
}

impl Sample {
    /// Messages a second.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 messages")]
    pub(crate) fn rate(&self) -> f64 {
        self.messages as f64 / self.time.as_secs_f64()
    }

    /// CPU microseconds a message.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 messages")]
    pub(crate) fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.messages as f64
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} messages/s, {:.1} us CPU a message", self.rate(), self.cpu_micros())
    }
}
