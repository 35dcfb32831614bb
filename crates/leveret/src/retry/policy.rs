//! The policy: attempts at once, rounds after a pause, an end.

use std::fmt::{self, Display, Formatter};
use std::num::NonZeroU32;
use std::time::Duration;

use super::delays::{Delays, PAUSE_MAX};
use crate::failure::Class;
use crate::spans::Span;

/// How often a message is tried, and after which pauses.
///
/// Attempts *at once* keep the message's worker: good for a moment's trouble. After them come
/// *rounds*, if the policy has [`Delays`]: the message leaves the queue, so that others pass it,
/// and comes back after a pause to be tried at once as often again. The attempt number travels
/// with the message, so it is right however many processes share the queue.
///
/// Only transient failures are tried again; permanent ones become dead letters at once.
///
/// ```
/// use std::time::Duration;
/// use leveret::{Delays, RetryPolicy};
///
/// assert_eq!(RetryPolicy::default().attempts_max(), 3);
/// assert_eq!(RetryPolicy::never().attempts_max(), 1);
///
/// let patient = RetryPolicy::attempts(2)
///     .then(Delays::exponential(Duration::from_secs(5), 4))
///     .give_up_after(Duration::from_secs(600));
/// assert_eq!(patient.attempts_max(), 10);
/// assert_eq!(
///     patient.to_string(),
///     "2 attempts at once, again after 5 s, 10 s, 20 s, 40 s; 10 in all, within 10 min"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    at_once: NonZeroU32,
    delays: Option<Delays>,
    give_up_after: Option<Duration>,
}

/// A message delivered this often without an outcome took its worker down each time:
/// it becomes a dead letter without being tried again.
pub(crate) const DELIVERIES_MAX: u32 = 20;

/// How far the attempts at a message have come, after one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tries {
    /// In all, over all rounds, this one included.
    pub(crate) attempt: u32,
    /// Since the message was last delivered, this one included.
    pub(crate) in_round: u32,
    /// Since the first failure.
    pub(crate) elapsed: Duration,
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    AtOnce,
    After(Duration),
    Never,
}

impl RetryPolicy {
    /// This many attempts at once; zero counts as one.
    pub fn attempts(attempts: u32) -> Self {
        let at_once = NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN);
        Self { at_once, delays: None, give_up_after: None }
    }

    /// One attempt: each failure makes a dead letter.
    pub fn never() -> Self {
        Self::attempts(1)
    }

    /// Then rounds after these pauses, each with as many attempts at once.
    #[must_use]
    pub fn then(mut self, delays: Delays) -> Self {
        self.delays = (delays.rounds() > 0).then_some(delays);
        self
    }

    /// No attempt begins later than this after the first failure.
    #[must_use]
    pub fn give_up_after(mut self, elapsed: Duration) -> Self {
        self.give_up_after = Some(elapsed);
        self
    }

    /// How many attempts a message gets in all.
    pub fn attempts_max(&self) -> u32 {
        let rounds = self.delays.map_or(0, |delays| delays.rounds());
        self.at_once.get().saturating_mul(rounds.saturating_add(1))
    }

    /// All its pauses together, at their longest.
    pub(crate) fn pauses_in_all(&self) -> Duration {
        let Some(delays) = self.delays else { return Duration::ZERO };
        let pauses = (1..=delays.rounds()).map(|round| delays.jittered(round, 1.0));
        pauses.fold(Duration::ZERO, Duration::saturating_add)
    }

    /// Whether it has rounds after a pause.
    pub(crate) fn has_delays(&self) -> bool {
        self.delays.is_some()
    }

    /// What follows an attempt that failed so; `chance` is 0 to 1.
    pub(crate) fn next(&self, class: Class, tries: Tries, chance: f64) -> Next {
        if tries.attempt >= self.attempts_max() {
            return Next::Never;
        }
        let pause = match class {
            Class::Permanent => return Next::Never,
            Class::Busy(pause) | Class::Pause(pause) => pause.min(PAUSE_MAX),
            Class::Transient | Class::Conflict if tries.in_round < self.at_once.get() => {
                Duration::ZERO
            }
            Class::Transient | Class::Conflict => {
                let Some(delays) = self.delays else { return Next::Never };
                let round = tries.attempt.div_ceil(self.at_once.get());
                delays.jittered(round, chance)
            }
        };
        match self.give_up_after {
            Some(limit) if tries.elapsed.saturating_add(pause) > limit => Next::Never,
            Some(_) | None if pause.is_zero() => Next::AtOnce,
            Some(_) | None => Next::After(pause),
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::attempts(3)
    }
}

impl Display for RetryPolicy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.at_once.get() {
            1 => f.write_str("1 attempt")?,
            attempts => write!(f, "{attempts} attempts at once")?,
        }
        if let Some(delays) = self.delays {
            write!(f, ", again {delays}; {} in all", self.attempts_max())?;
        }
        match self.give_up_after {
            Some(limit) => write!(f, ", within {}", Span(limit)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(attempt: u32, in_round: u32) -> Tries {
        Tries { attempt, in_round, elapsed: Duration::ZERO }
    }

    #[test]
    fn rounds_follow_attempts_at_once_until_all_are_used() {
        let second = Duration::from_secs(1);
        let policy = RetryPolicy::attempts(2).then(Delays::exponential(second, 2).jitter(0));
        let next = |attempt, in_round| policy.next(Class::Transient, tries(attempt, in_round), 0.5);
        assert_eq!(next(1, 1), Next::AtOnce);
        assert_eq!(next(2, 2), Next::After(second));
        assert_eq!(next(3, 1), Next::AtOnce);
        assert_eq!(next(4, 2), Next::After(2 * second));
        assert_eq!(next(5, 1), Next::AtOnce);
        assert_eq!(next(6, 2), Next::Never);
    }

    #[test]
    fn a_delivery_that_ended_without_an_outcome_costs_an_attempt_and_no_round() {
        let pause = Duration::from_secs(1);
        let policy = RetryPolicy::attempts(3).then(Delays::every(pause, 1).jitter(0));
        // The worker died in the first attempt; the third of all is the second of this delivery.
        assert_eq!(policy.next(Class::Transient, tries(3, 2), 0.0), Next::AtOnce);
        assert_eq!(policy.next(Class::Transient, tries(4, 3), 0.0), Next::After(pause));
    }

    #[test]
    fn busy_is_waited_for_and_counts() {
        let pause = Duration::from_secs(30);
        let policy = RetryPolicy::attempts(2);
        assert_eq!(policy.next(Class::Busy(pause), tries(1, 1), 0.0), Next::After(pause));
        assert_eq!(policy.next(Class::Busy(pause), tries(2, 1), 0.0), Next::Never);
        assert_eq!(policy.next(Class::Busy(Duration::ZERO), tries(1, 1), 0.0), Next::AtOnce);
    }

    #[test]
    fn no_attempt_begins_after_the_limit() {
        let policy = RetryPolicy::attempts(1)
            .then(Delays::every(Duration::from_secs(10), 9).jitter(0))
            .give_up_after(Duration::from_secs(25));
        let after = |secs| Tries { attempt: 1, in_round: 1, elapsed: Duration::from_secs(secs) };
        let next = |secs| policy.next(Class::Transient, after(secs), 0.0);
        assert_eq!(next(15), Next::After(Duration::from_secs(10)));
        assert_eq!(next(16), Next::Never);
    }

    #[test]
    fn a_permanent_failure_is_the_end() {
        assert_eq!(RetryPolicy::default().next(Class::Permanent, tries(1, 1), 0.0), Next::Never);
    }
}
