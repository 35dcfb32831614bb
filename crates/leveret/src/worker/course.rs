//! How far the attempts at one message have come.

use std::time::Duration;

use crate::later::Past;
use crate::lineage::now_secs;
use crate::retry::Tries;

/// How far the attempts at a message have come since it was delivered.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) past: Past,
    /// Attempts before it was delivered, and deliveries that ended without an outcome.
    before: u32,
    pub(super) in_round: u32,
    /// In a row, since the last attempt that counted.
    pub(super) conflicts: u32,
}

impl Course {
    pub(super) fn after(past: Past, before: u32) -> Self {
        Self { past, before, in_round: 1, conflicts: 0 }
    }

    /// The number of the attempt that is made now, from one.
    pub(super) fn attempt(&self) -> u32 {
        self.before.saturating_add(self.in_round)
    }

    /// What is known of the message after so many attempts since it was delivered.
    pub(super) fn past_after(&self, attempts: u32) -> Past {
        Past { attempts: self.past.attempts.saturating_add(attempts), ..self.past }
    }

    pub(super) fn tries(&self, since: u64) -> Tries {
        let elapsed = Duration::from_secs(now_secs().saturating_sub(since));
        Tries { attempt: self.attempt(), in_round: self.in_round, elapsed }
    }
}
