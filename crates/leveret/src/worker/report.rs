//! The end of a message that failed for good: a report, or a dead letter.

use leveret_client::Publish as Sealed;
use tracing::warn;

use super::attempt::{Attempts, Fate, Settlement};
use crate::dead_letter::Obituary;
use crate::failure::{Classify as _, Failure};
use crate::message::Message;
use crate::report::{ErrorRoute, error_report};

impl Attempts {
    /// The settlement of a message that has failed for the last time.
    pub(super) fn end(
        &self,
        message: &Message,
        failure: &Failure,
        attempts: u32,
        first_failure_secs: u64,
    ) -> Settlement {
        let Some(route) = self.error_routes.iter().find(|route| route.takes(failure)) else {
            return self.give_up(message, failure, attempts, first_failure_secs);
        };
        let queue = self.queue.to_string_lossy();
        let obituary = self.obituary(failure, attempts, first_failure_secs, &queue);
        let mut outputs = vec![self.report(message, &obituary, route)];
        outputs.extend(self.answer(message, failure));
        Settlement::new(Fate::Reported, outputs)
    }

    fn report(&self, message: &Message, obituary: &Obituary<'_>, route: &ErrorRoute) -> Sealed {
        let id = message.message_id().unwrap_or_default();
        let Obituary { failure, attempts, .. } = obituary;
        let (class, exchange, key) = (failure.name(), &route.exchange, &route.key);
        warn!(
            handler = %self.handler, message_id = %id, attempts, class, %failure, exchange, key,
            "error reported"
        );
        error_report(message, obituary, route)
    }
}
