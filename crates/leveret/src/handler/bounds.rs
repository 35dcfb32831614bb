//! How many messages a handler may work on at a time, once it runs.

use super::Handler;
use crate::control::CONFIG_OWNER;
use crate::gate::{Gate, Halt};
use crate::lineage::now_secs;

impl Handler {
    /// How many messages an operator may let it work on at a time while it runs; its own
    /// [concurrency](Handler::concurrency) unless told otherwise, as that may be what keeps its
    /// messages out of each other's way. See [`Control::set_concurrency`](crate::Control::set_concurrency).
    #[must_use]
    pub fn concurrency_up_to(mut self, workers: usize) -> Self {
        self.concurrency_max = Some(workers);
        self
    }

    /// How few that may be; one unless told otherwise.
    #[must_use]
    pub fn concurrency_down_to(mut self, workers: usize) -> Self {
        self.concurrency_min = Some(workers);
        self
    }

    pub(crate) fn concurrency_min(&self) -> usize {
        self.concurrency_min.unwrap_or(1)
    }

    pub(crate) fn concurrency_max(&self) -> usize {
        self.concurrency_max.unwrap_or_default().max(self.concurrency)
    }

    /// The gate of its workers.
    pub(crate) fn gate(&self) -> Gate {
        let bounds = self.concurrency_min()..=self.concurrency_max();
        let gate = Gate::new(&self.name, self.concurrency, bounds);
        if self.paused {
            gate.halt(Halt {
                reason: "the configuration says so".to_owned(),
                owner: CONFIG_OWNER.to_owned(),
                since_secs: now_secs(),
                until: None,
            });
        }
        gate
    }
}
