//! The runtime of a process that takes part.

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

/// One of so many threads; 1 is the runtime that has none beside its caller's.
pub(crate) fn runtime(threads: usize) -> anyhow::Result<Runtime> {
    let mut builder = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(threads).enable_all().build().context("no runtime")
}
