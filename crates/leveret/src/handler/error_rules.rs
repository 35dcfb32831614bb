//! What a handler says of its failures.

use super::Handler;
use crate::rules::{Errors, Rule};

impl Handler {
    /// What follows failures of a class or of a name, whatever the error itself says.
    ///
    /// The first argument is a class (`"transient"`, `"permanent"`, `"busy"`, `"pause"`,
    /// `"conflict"`) or the name of an error, which wins over its class. The configuration file
    /// says the same in `[handlers.<name>.on-error]`, and wins over both.
    ///
    /// ```
    /// use std::time::Duration;
    /// use leveret::{Handler, RetryPolicy, Rule};
    ///
    /// let handler = Handler::new("orders", || async {})
    ///     .on_error("card-expired", Rule::Retry(RetryPolicy::attempts(2)))
    ///     .on_error("stale", Rule::Drop)
    ///     .on_error("busy", Rule::Pause(Duration::from_secs(30)));
    /// # let _ = handler;
    /// ```
    #[must_use]
    pub fn on_error(mut self, errors: impl Into<Errors>, rule: Rule) -> Self {
        self.rules.put(errors.into(), rule);
        self
    }

    /// Whether messages are to be held back for it.
    pub(crate) fn has_delays(&self) -> bool {
        // With an order messages wait in hand.
        self.ordered.is_none() && (self.retry.has_delays() || self.rules.has_delays())
    }
}
