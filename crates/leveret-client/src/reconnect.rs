//! Connecting again and again, with growing pauses.

use std::time::Duration;

use crate::{connection::Connection, error::ConnectError, options::ConnectOptions};

/// How long to wait between attempts.
///
/// The pause doubles from `first` up to `longest`; of each, a random part between a half and
/// the whole is waited, so that many clients do not come back at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first attempt.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// Gives up after so many attempts; never without.
    pub attempts_max: Option<u32>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(30),
            attempts_max: None,
        }
    }
}

impl Backoff {
    /// The pause after that many failed attempts, before chance shortens it.
    pub fn ceiling(&self, failed: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest)
    }

    /// The pause after that many failed attempts.
    pub(crate) fn pause(&self, failed: u32) -> Duration {
        self.ceiling(failed).mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// Connects over TCP, and tries again where that may help.
///
/// Refused credentials and virtual hosts fail at once: they do not heal.
pub async fn connect_with_retry(
    options: &ConnectOptions,
    backoff: &Backoff,
) -> Result<Connection, ConnectError> {
    let mut failed = 0;
    loop {
        let error = match Connection::connect(options).await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        failed += 1;
        if error.is_permanent() {
            return Err(error);
        }
        if backoff.attempts_max.is_some_and(|max| failed >= max) {
            return Err(ConnectError::GaveUp { attempts: failed, last: Box::new(error) });
        }
        let pause = backoff.pause(failed);
        tracing::warn!(
            authority = %options.authority(), attempt = failed,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), %error,
            "connecting failed, will try again"
        );
        tokio::time::sleep(pause).await;
    }
}
