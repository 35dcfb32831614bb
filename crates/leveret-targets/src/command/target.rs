//! A command as a configuration says it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::exit::ExitRule;
use crate::output::OutputConfig;
use crate::span::Span;

/// A program that is run for each message: `target = { command = { argv = ["./resize"] } }`.
///
/// As many run at a time as the handler's concurrency says.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct CommandTarget {
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
    /// How long it may run; 5 min unless told otherwise. After that it is asked to end.
    #[serde(default = "time_limit")]
    pub time_limit: Span,
    /// How long it may take to end when it is asked to, before it is killed; 5 s unless told
    /// otherwise.
    #[serde(default = "grace")]
    pub grace: Span,
    /// The most it may write to standard output, in bytes; 1 MiB unless told otherwise. More is a
    /// permanent failure.
    #[serde(default = "stdout_bytes_max")]
    pub stdout_bytes_max: usize,
    /// The content type of what it writes.
    pub content_type: Option<String>,
    /// Where what it writes is published.
    pub output: Option<OutputConfig>,
    /// What exit codes mean that mean something else here: `{ 10 = "dead-letter" }`.
    #[serde(default)]
    pub exit_codes: BTreeMap<String, ExitRule>,
    /// Whether an exit code without a meaning pauses the handler, instead of being tried again.
    #[serde(default)]
    pub strict_exit_codes: bool,
}

fn yes() -> bool {
    true
}

fn time_limit() -> Span {
    Span::of_secs(300)
}

fn grace() -> Span {
    Span::of_secs(5)
}

fn stdout_bytes_max() -> usize {
    1024 * 1024
}
