//! Worker processes as a configuration says them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::span::Span;

/// Processes that handle messages: `target = { worker = { argv = ["python3", "worker.py"] } }`.
///
/// A process is started when a message needs one, and stays. Each handles one message at a time;
/// there are never more than the handler's concurrency.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct WorkerTarget {
    /// The program and its arguments, as they are: no shell reads them.
    pub argv: Vec<String>,
    /// Where it runs.
    pub working_dir: Option<PathBuf>,
    /// More variables for its environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Whether it gets the runner's own environment, without `LEVERET_…`; yes unless told
    /// otherwise.
    #[serde(default = "yes")]
    pub inherit_env: bool,
    /// The most processes, if that is to be fewer than the handler's concurrency.
    pub processes: Option<usize>,
    /// How long it may take until it says hello; 10 s unless told otherwise.
    #[serde(default = "start_timeout")]
    pub start_timeout: Span,
    /// How long it may be silent with a message in hand before it counts as hanging, and is killed; 1 min
    /// unless told otherwise. A heartbeat breaks the silence.
    #[serde(default = "silence_max")]
    pub silence_max: Span,
    /// How long it may take to end when it is asked to, before it is killed; 5 s unless told
    /// otherwise.
    #[serde(default = "grace")]
    pub grace: Span,
    /// The longest frame, in bytes; 16 MiB unless told otherwise.
    #[serde(default = "frame_bytes_max")]
    pub frame_bytes_max: usize,
    /// After how many messages a process is replaced by a new one; never unless told otherwise.
    pub messages_max: Option<u64>,
}

fn yes() -> bool {
    true
}

fn start_timeout() -> Span {
    Span::of_secs(10)
}

fn silence_max() -> Span {
    Span::of_secs(60)
}

fn grace() -> Span {
    Span::of_secs(5)
}

fn frame_bytes_max() -> usize {
    16 * 1024 * 1024
}
