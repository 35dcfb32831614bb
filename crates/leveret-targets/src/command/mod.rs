//! A run of a program for each message.
//!
//! The body is its standard input, what is known besides is in its environment and, as JSON, on
//! descriptor 3. Its exit code is the message's outcome. There is no shell between.

mod exit;
mod run;
mod target;

use std::sync::Arc;

use leveret::Handler;

use crate::delivery::Delivery;
use crate::error::TargetError;

pub use exit::ExitRule;
use run::Runs;
pub use target::CommandTarget;

impl CommandTarget {
    pub(crate) fn into_handler(self, name: &str, queue: &str) -> Result<Handler, TargetError> {
        let runs = Arc::new(Runs::new(self, name, queue)?);
        let handle = move |delivery: Delivery| {
            let runs = runs.clone();
            async move { runs.handle(&delivery).await }
        };
        Ok(Handler::new(queue, handle).named(name))
    }
}
