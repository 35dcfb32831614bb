//! When a worker may pull, and when it is to stop: by switch and gate.

use super::Worker;
use super::switch::{Asker, Probe};

impl Worker {
    /// Waits until it may pull.
    pub(super) async fn pass(&self) -> Option<Probe> {
        self.attempts.gate.open(self.number).await;
        self.attempts.switch.pass(Asker::Idle).await
    }

    /// Returns when an operator wants it to stop pulling, and to keep nothing in hand that waits.
    pub(super) async fn closed(&self) {
        self.attempts.gate.closed(self.number).await;
    }
}
