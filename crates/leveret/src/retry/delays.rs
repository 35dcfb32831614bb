//! Pauses between rounds of attempts.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::spans::Span;

/// No pause is longer than this: thirty days.
pub(crate) const PAUSE_MAX: Duration = Duration::from_hours(30 * 24);

/// The most rounds: what waits for more of them waits for an operator.
const ROUNDS_MAX: u32 = 100;

/// How many pauses are named in a text before it says "...".
const NAMED_MAX: u32 = 6;

/// Pauses that grow from round to round.
///
/// Each is made longer by chance, by up to a quarter unless told otherwise, so that messages
/// which failed together do not all come back together. Chance never makes one shorter.
///
/// ```
/// use std::time::Duration;
/// use leveret::Delays;
///
/// let delays = Delays::exponential(Duration::from_secs(1), 5).longest(Duration::from_secs(10));
/// let pauses: Vec<u64> = (1..=5).map(|round| delays.pause(round).as_secs()).collect();
/// assert_eq!(pauses, [1, 2, 4, 8, 10]);
/// assert_eq!(delays.to_string(), "after 1 s, 2 s, 4 s, 8 s, 10 s");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delays {
    first: Duration,
    factor: u32,
    longest: Duration,
    rounds: u32,
    jitter_percent: u32,
}

impl Delays {
    /// This many rounds (100 at most), each after twice the pause before it.
    pub fn exponential(first: Duration, rounds: u32) -> Self {
        Self {
            first: first.min(PAUSE_MAX),
            factor: 2,
            longest: PAUSE_MAX,
            rounds: rounds.min(ROUNDS_MAX),
            jitter_percent: 25,
        }
    }

    /// This many rounds (100 at most), each after the same pause.
    pub fn every(pause: Duration, rounds: u32) -> Self {
        Self::exponential(pause, rounds).factor(1)
    }

    /// How much longer each pause is than the one before; zero counts as one.
    #[must_use]
    pub fn factor(mut self, factor: u32) -> Self {
        self.factor = factor.max(1);
        self
    }

    /// No pause is longer, before chance; thirty days unless told otherwise, and at most.
    #[must_use]
    pub fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest.min(PAUSE_MAX);
        self
    }

    /// How much longer chance may make a pause, in percent of it: 0 to 100.
    #[must_use]
    pub fn jitter(mut self, percent: u32) -> Self {
        self.jitter_percent = percent.min(100);
        self
    }

    /// How many rounds come after the first attempts.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The pause before that round, from one, before chance makes it longer.
    pub fn pause(&self, round: u32) -> Duration {
        let grown = self.factor.saturating_pow(round.saturating_sub(1));
        self.first.saturating_mul(grown).min(self.longest)
    }

    /// The pause made longer by `chance`, 0 to 1.
    pub(super) fn jittered(&self, round: u32, chance: f64) -> Duration {
        let part = f64::from(self.jitter_percent) / 100.0 * chance.clamp(0.0, 1.0);
        self.pause(round).mul_f64(1.0 + part)
    }
}

impl Display for Delays {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("after ")?;
        for round in 1..=self.rounds.min(NAMED_MAX) {
            let comma = if round == 1 { "" } else { ", " };
            write!(f, "{comma}{}", Span(self.pause(round)))?;
        }
        if self.rounds > NAMED_MAX {
            write!(f, ", ... {}", Span(self.pause(self.rounds)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_only_makes_a_pause_longer_and_within_its_bound() {
        let delays = Delays::every(Duration::from_secs(8), 3).jitter(50);
        assert_eq!(delays.jittered(3, 0.0), Duration::from_secs(8));
        assert_eq!(delays.jittered(3, 1.0), Duration::from_secs(12));
    }

    #[test]
    fn a_pause_never_overflows() {
        let delays = Delays::exponential(Duration::MAX, u32::MAX);
        assert_eq!(delays.pause(u32::MAX), PAUSE_MAX);
        assert_eq!(delays.rounds(), ROUNDS_MAX);
    }

    #[test]
    fn many_pauses_are_named_in_short() {
        let delays = Delays::exponential(Duration::from_millis(500), 8);
        assert_eq!(delays.to_string(), "after 500 ms, 1 s, 2 s, 4 s, 8 s, 16 s, ... 1 min 4 s");
    }
}
