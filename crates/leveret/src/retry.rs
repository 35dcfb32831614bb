//! How often a message is tried before it becomes a dead letter.

use std::num::NonZeroU32;

/// Bounded immediate retry: the message keeps its worker, and the next attempt starts at once.
///
/// Only transient failures are tried again; permanent ones become dead letters at once.
///
/// ```
/// use leveret::RetryPolicy;
///
/// assert_eq!(RetryPolicy::default().attempts_max(), 3);
/// assert_eq!(RetryPolicy::never().attempts_max(), 1);
/// assert_eq!(RetryPolicy::attempts(5).attempts_max(), 5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts_max: NonZeroU32,
}

/// A message delivered this often without an outcome took its worker down each time:
/// it becomes a dead letter without being tried again.
pub(crate) const DELIVERIES_MAX: u32 = 20;

impl RetryPolicy {
    /// This many attempts in all; zero counts as one.
    pub fn attempts(attempts: u32) -> Self {
        Self { attempts_max: NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN) }
    }

    /// One attempt: each failure makes a dead letter.
    pub fn never() -> Self {
        Self { attempts_max: NonZeroU32::MIN }
    }

    /// How many attempts a message gets.
    pub fn attempts_max(self) -> u32 {
        self.attempts_max.get()
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::attempts(3)
    }
}
