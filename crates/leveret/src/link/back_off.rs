//! Growing pauses between attempts that fail.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(100);

/// No pause is longer, but for the jitter.
const LONGEST: Duration = Duration::from_secs(30);

/// Pauses that double up to a bound, each longer by a random part of up to a quarter.
#[derive(Debug, Clone)]
pub(crate) struct BackOff(Duration);

impl BackOff {
    pub(crate) fn new() -> Self {
        Self(FIRST)
    }

    pub(crate) async fn pause(&mut self) {
        let pause = self.0.mul_f64(1.0 + fastrand::f64() / 4.0);
        self.0 = (self.0 * 2).min(LONGEST);
        tokio::time::sleep(pause).await;
    }
}
