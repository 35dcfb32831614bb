//! What `leveret run` and `leveret config` take.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// A run file, and what is laid over it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Input {
    /// The run file
    #[arg(value_name = "FILE", default_value = "leveret.toml")]
    pub(crate) file: PathBuf,
    /// Set one value over file and environment; can be given many times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = RUN_HELP)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = CONFIG_HELP)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Verb {
    /// Check a run file: every mistake at once, each with its place
    Check(Input),
    /// Print every setting as it holds; passwords are not shown
    Show {
        #[command(flatten)]
        input: Input,
        /// Say for each where it comes from: flag, environment, file and line, or default
        #[arg(long)]
        sources: bool,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON schema of run files, for editors
    Schema,
}

const RUN_HELP: &str = "\
Settings are taken from flags, then the environment, then the file, then defaults:
  LEVERET__TABLE__KEY=VALUE  as LEVERET__CONNECTION__ADDRESS=amqp://host; empty counts as not set
  LEVERET_LOG                what to log, over `[logging] level`: error, warn, info, debug, or a filter

SIGTERM and SIGINT drain: nothing new is begun, messages in hand are finished within `grace`, what
was not begun goes back. A second signal stops at once. SIGHUP reads the file again: the log's
level, `concurrency` and `paused` change, a consumer that is gone takes nothing more, and the log
says of every other change that it needs a restart; a wrong file changes nothing.

Exit codes: 0 stopped cleanly, 1 failed or cut off while draining, 64 usage, 66 no such file,
  69 broker not to be reached or refusing, 73 data directory not to be taken, 75 address in use,
  77 no permission, 78 configuration, 130 forced by a second signal";

const CONFIG_HELP: &str = "\
Exit codes: 0 well, 64 usage, 66 no such file, 77 no permission, 78 configuration";
