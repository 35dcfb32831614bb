//! How attempts went of late, and whether too many failed.

use std::time::Duration;

use tokio::time::Instant;

use crate::handler::KillSwitch;

/// The window moves on by so many steps.
const STEPS: usize = 8;

/// Attempts of the last while.
#[derive(Debug)]
pub(crate) struct Window {
    options: KillSwitch,
    since: Instant,
    newest: u128,
    steps: [Step; STEPS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Step {
    attempts: u32,
    failed: u32,
}

/// How an attempt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempted {
    Well,
    Failed,
}

impl Window {
    pub(crate) fn new(options: KillSwitch, now: Instant) -> Self {
        Self { options, since: now, newest: 0, steps: [Step::default(); STEPS] }
    }

    /// Counts an attempt; the pause that is due if too many have failed.
    pub(crate) fn note(&mut self, now: Instant, attempted: Attempted) -> Option<Duration> {
        self.move_on(now);
        let failed = u32::from(attempted == Attempted::Failed);
        let slot = usize::try_from(self.newest % STEPS as u128).unwrap_or_default();
        if let Some(step) = self.steps.get_mut(slot) {
            step.attempts = step.attempts.saturating_add(1);
            step.failed = step.failed.saturating_add(failed);
        }
        let sum = |of: fn(&Step) -> u32| self.steps.iter().map(of).fold(0, u32::saturating_add);
        let (attempts, failed) = (sum(|step| step.attempts), sum(|step| step.failed));
        let is_enough = attempts >= self.options.minimum && attempted == Attempted::Failed;
        let is_much = f64::from(failed) >= self.options.ratio * f64::from(attempts);
        (is_enough && is_much).then_some(self.options.pause)
    }

    /// Forgets all: what was before a pause says nothing of what is after it.
    pub(crate) fn clear(&mut self) {
        self.steps = [Step::default(); STEPS];
    }

    fn move_on(&mut self, now: Instant) {
        let length = (self.options.window.as_nanos() / STEPS as u128).max(1);
        let step = now.saturating_duration_since(self.since).as_nanos() / length;
        let passed = step.saturating_sub(self.newest).min(STEPS as u128);
        for number in (0..passed).map(|back| step - back) {
            let slot = usize::try_from(number % STEPS as u128).unwrap_or_default();
            if let Some(step) = self.steps.get_mut(slot) {
                *step = Step::default();
            }
        }
        self.newest = self.newest.max(step);
    }
}

#[cfg(test)]
mod tests {
    use super::Attempted::{Failed, Well};
    use super::*;

    const OPTIONS: KillSwitch = KillSwitch {
        window: Duration::from_secs(8),
        minimum: 4,
        ratio: 0.5,
        pause: Duration::from_secs(5),
    };

    fn check(attempts: &[(u64, Attempted)], wanted: Option<Duration>) {
        let start = Instant::now();
        let mut window = Window::new(OPTIONS, start);
        let noted = attempts
            .iter()
            .map(|(secs, attempted)| window.note(start + Duration::from_secs(*secs), *attempted));
        assert_eq!(noted.last().flatten(), wanted, "{attempts:?}");
    }

    #[test]
    fn half_of_enough_attempts_stop_it() {
        let due = Some(OPTIONS.pause);
        check(&[(0, Failed), (0, Failed), (0, Failed)], None);
        check(&[(0, Well), (0, Well), (1, Failed), (2, Failed)], due);
        check(&[(0, Well), (0, Well), (0, Well), (1, Failed), (2, Failed)], None);
        check(&[(0, Failed), (0, Failed), (0, Failed), (0, Well)], None);
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count() {
        check(&[(0, Failed), (0, Failed), (0, Failed), (7, Failed)], Some(OPTIONS.pause));
        check(&[(0, Failed), (0, Failed), (0, Failed), (8, Failed)], None);
        check(&[(0, Failed), (0, Failed), (0, Failed), (1000, Failed)], None);
    }
}
