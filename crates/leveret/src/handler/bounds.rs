//! How many messages a handler may work on at a time, once it runs.

use super::Handler;
use crate::gate::Gate;

impl Handler {
    /// How many messages an operator may let it work on at a time while it runs; its own
    /// [concurrency](Handler::concurrency) unless told otherwise, as that may be what keeps its
    /// messages out of each other's way. See [`Control::set_concurrency`](crate::Control::set_concurrency).
    #[must_use]
    pub fn concurrency_up_to(mut self, workers: usize) -> Self {
        self.concurrency_max = Some(workers);
        self
    }

    /// How few messages at a time an operator may let it work on while it runs, one unless told
    /// otherwise. A [pause](crate::Control::pause) is possible all the same.
    #[must_use]
    pub fn concurrency_at_least(mut self, workers: usize) -> Self {
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
        Gate::new(&self.name, self.concurrency, self.concurrency_min()..=self.concurrency_max())
    }
}
