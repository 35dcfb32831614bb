//! What the benchmark of the framework is told.

use std::path::PathBuf;

use clap::Args;

/// What the framework costs beside a loop by hand, and one result for each message of 200 bytes.
#[derive(Debug, Args)]
pub(crate) struct FrameworkArgs {
    /// How many runs; the tables show medians.
    #[arg(long, default_value_t = 5)]
    pub(super) runs: usize,
    /// How many messages one run of the overhead handles.
    #[arg(long, default_value_t = 200_000)]
    pub(super) messages: u64,
    /// How many workers handle them; each has a message ahead and a channel of its own.
    #[arg(long, default_value_t = 64)]
    pub(super) workers: usize,
    /// How long one run of the results is to take, about; zero leaves them out.
    #[arg(long, default_value_t = 2)]
    pub(super) seconds: u64,
    /// Another broker to take results on beside ours.
    #[arg(long, value_name = "URL")]
    pub(super) peer: Option<String>,
    /// A `PostgreSQL` for inbox and outbox; its tables `leveret_inbox` and `leveret_outbox` are emptied.
    #[arg(long, value_name = "URL")]
    pub(super) postgres: Option<String>,
    /// Where the data directories are made; on the disk to be measured.
    #[arg(long, default_value = "target/bench")]
    pub(super) folder: PathBuf,
}
