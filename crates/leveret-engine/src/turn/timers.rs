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
        if self.host.timers.next().is_none_or(|at| at > self.now) {
            return;
        }
        let all = self.steps_left;
        let share = all.div_ceil(if is_wake { WAKE_SHARE } else { INPUT_SHARE });
        self.steps_left = share;
        while self.steps_left > 0
            && let Some(timer) = self.host.timers.take_due(self.now)
        {
            self.steps_left -= 1;
            match timer {
                Timer::Front(id) => {
                    if let Some(queue) = self.host.queues.get_mut(id) {
                        queue.front_armed = None;
                        self.stirred.push_back(id);
                    }
                }
                Timer::Unsettled(at) => self.check_unsettled(at),
                Timer::Idle(queue) => self.expire_idle(queue),
                Timer::Scheduled(message) => self.route_scheduled(message),
                Timer::Thin(page) => self.thin_page(page),
            }
            self.deliver_stirred();
        }
        self.steps_left += all - share;
    }
}
