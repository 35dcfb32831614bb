//! What follows an attempt that failed: another one, a pause, or the end.

use std::time::Duration;

use tracing::{debug, info};

use super::attempt::{Attempts, Ended, Fate, Settlement};
use super::course::Course;
use crate::failure::{Class, Classify as _, Failure};
use crate::later::{Past, postponed};
use crate::lineage::now_secs;
use crate::message::Message;
use crate::retry::Next;
use crate::rules::Rule;
use crate::stats::Count;
use crate::trace::note_failure;

/// How often in a row others may be in the way before that counts as an attempt.
pub(super) const CONFLICTS_MAX: u32 = 20;

/// How long is waited, at least and at most, for whoever was in the way.
const CONFLICT_WAIT_MS: (u64, u64) = (10, 100);

impl Attempts {
    /// How the message leaves its worker, unless it is tried again at once.
    pub(super) async fn failed(
        &self,
        message: &Message,
        failure: &Failure,
        course: &mut Course,
    ) -> Option<Ended> {
        self.counters.last_error.note(failure);
        let (class, retry) = match self.rules.of(failure) {
            None => (failure.class(), self.retry),
            Some(Rule::Retry(policy)) => (tried_again(failure.class()), policy),
            Some(Rule::DeadLetter) => (Class::Permanent, self.retry),
            Some(Rule::Pause(pause)) => (Class::Pause(pause), self.retry),
            Some(Rule::Drop) => return Some(Ended::Settled(self.drop(message, failure))),
        };
        let failure = &failure.clone().classed(class);
        if class == Class::Conflict && course.conflicts < CONFLICTS_MAX {
            course.conflicts += 1;
            debug!(handler = %self.handler, %failure, "in each other's way, trying again");
            return tokio::select! {
                () = conflict_wait() => None,
                () = self.draining() => Some(Ended::GivenBack),
            };
        }
        course.conflicts = 0;
        let is_paused = self.switch.failed(failure);
        if let Class::Pause(_) = class {
            return Some(Ended::Paused(course.past_after(course.in_round - 1)));
        }
        let since = *course.past.first_failure_secs.get_or_insert_with(now_secs);
        let attempt = course.attempt();
        let next = retry.next(class, course.tries(since), fastrand::f64());
        // Of what is permanent its class says that no attempt will help.
        let is_parked = next == Next::Never && class != Class::Permanent;
        match self.parks.filter(|_| is_parked).map_or(next, Next::After) {
            Next::Never => Some(Ended::Settled(self.end(message, failure, attempt, since))),
            Next::After(pause) => {
                let past = Past { attempts: attempt, ..course.past };
                Some(Ended::Settled(self.postpone(message, failure, past, pause)))
            }
            Next::AtOnce => {
                self.counters.add(Count::Retried, 1);
                if is_paused {
                    return Some(Ended::Paused(course.past_after(course.in_round)));
                }
                let max = retry.attempts_max();
                info!(handler = %self.handler, attempt, max, %failure, "attempt failed, trying again");
                course.in_round += 1;
                None
            }
        }
    }

    /// Nothing is kept of it; whoever waits for a reply is told.
    fn drop(&self, message: &Message, failure: &Failure) -> Settlement {
        let id = message.message_id().unwrap_or_default();
        info!(handler = %self.handler, message_id = %id, %failure, "dropped, as a rule says");
        Settlement::new(Fate::Dropped, self.answer(message, failure).into_iter().collect())
    }

    fn postpone(
        &self,
        message: &Message,
        failure: &Failure,
        past: Past,
        pause: Duration,
    ) -> Settlement {
        note_failure(failure.name());
        let max = self.retry.attempts_max();
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        info!(
            handler = %self.handler, attempt = past.attempts, max, pause_ms, %failure,
            "attempt failed, trying again after a pause"
        );
        let postponed = postponed(message, failure, past, &self.queue, pause);
        let postponed = postponed.vouched_for(message, self.login.as_ref());
        let postponed = Some(Box::new(postponed));
        Settlement { outputs: Vec::new(), fate: Fate::Postponed, postponed }
    }
}

/// The class of a failure that a policy is given for.
fn tried_again(class: Class) -> Class {
    match class {
        Class::Transient | Class::Busy(_) => class,
        Class::Permanent | Class::Pause(_) | Class::Conflict => Class::Transient,
    }
}

async fn conflict_wait() {
    let (least, most) = CONFLICT_WAIT_MS;
    tokio::time::sleep(Duration::from_millis(fastrand::u64(least..most))).await;
}
