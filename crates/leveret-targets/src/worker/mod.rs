//! Processes that stay: each takes one message after the other.
//!
//! They are frames over its pipes.
//!
//! The protocol is written down in `docs/worker-protocol.md`.

mod frame;
mod pool;
mod process;
mod protocol;
mod target;

use std::sync::Arc;

use leveret::Handler;

use crate::delivery::Delivery;
use crate::error::TargetError;

use pool::Pool;
pub use target::WorkerTarget;

impl WorkerTarget {
    pub(crate) fn into_handler(self, name: &str, queue: &str) -> Result<Handler, TargetError> {
        let pool = Arc::new(Pool::new(self, name, queue)?);
        let handle = move |delivery: Delivery| {
            let pool = pool.clone();
            async move { pool.handle(&delivery).await }
        };
        Ok(Handler::new(queue, handle).named(name))
    }
}
