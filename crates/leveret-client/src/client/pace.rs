//! How fast attempts follow upon each other.

use std::time::Duration;

use crate::reconnect::Backoff;

/// The pauses of something that is begun again whenever it ends.
#[derive(Debug)]
pub(crate) struct Pace {
    backoff: Backoff,
    /// Attempts that failed since one last lived.
    failed: u32,
    last: Duration,
}

impl Pace {
    pub(crate) const fn new(backoff: Backoff) -> Self {
        Self { backoff, failed: 0, last: Duration::ZERO }
    }

    /// The pause before the next attempt.
    pub(crate) fn next(&mut self) -> Duration {
        self.failed = self.failed.saturating_add(1);
        self.last = self.backoff.pause(self.failed);
        self.last
    }

    /// How many attempts were allowed, once they all failed.
    pub(crate) fn exhausted(&self) -> Option<u32> {
        self.backoff.attempts_max.filter(|max| self.failed >= *max)
    }

    /// What was begun is over; if it ended at once, that counts like a failed attempt.
    pub(crate) fn note_life(&mut self, lived: Duration) {
        if lived > self.last {
            self.failed = 0;
            self.last = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lived_starts_the_pauses_anew() {
        let mut pace = Pace::new(Backoff::default());
        let pauses: Vec<Duration> = (0..5).map(|_| pace.next()).collect();
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]), "{pauses:?}");
        pace.note_life(pauses[4]);
        assert!(pace.next() > pauses[4]);
        pace.note_life(Duration::from_mins(1));
        assert!(pace.next() <= Backoff::default().first);
    }
}
