//! Timers that are due, before an input sees anything.
//!
//! An input pays for a few; a great many are for the Wakes that the shell sends while some are due.

use super::Turn;
use crate::timers::Timer;

/// Which part of its steps an input spends on timers.
const INPUT_SHARE: usize = 64;

/// Which part of its steps a Wake spends on timers: other work has to go on as well.
const WAKE_SHARE: usize = 2;

impl Turn<'_> {
    pub(super) fn take_due(&mut self, is_wake: bool) {
        let share = if is_wake { WAKE_SHARE } else { INPUT_SHARE };
        let mut left = self.steps_left.div_ceil(share);
        while left > 0
            && self.steps_left > 0
            && let Some(timer) = self.host.timers.take_due(self.now)
        {
            let before = self.steps_left;
            self.steps_left -= 1;
            match timer {
                Timer::Idle(queue) => self.expire_idle(queue),
            }
            left = left.saturating_sub(before - self.steps_left);
        }
    }
}
