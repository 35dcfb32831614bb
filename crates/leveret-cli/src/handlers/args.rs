//! What `leveret handlers` can be asked for.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};

use crate::messages::words;

/// Which application.
#[derive(Debug, Clone, Args)]
pub(crate) struct AppAddress {
    /// Where the application serves control (`App::control`, `[control]`)
    #[arg(
        long = "app",
        value_name = "ADDR",
        env = "LEVERET_APP",
        default_value = "127.0.0.1:15680",
        global = true
    )]
    pub(crate) app: String,
    /// The file with the token it asks for
    #[arg(long, value_name = "FILE", env = "LEVERET_APP_TOKEN_FILE", global = true)]
    pub(crate) token_file: Option<PathBuf>,
}

/// Steers handlers.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct HandlersArgs {
    #[command(flatten)]
    pub(super) address: AppAddress,
    /// Print JSON instead of a table
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Verb {
    /// List handlers: state, workers, messages in hand, rates, newest error
    Ls,
    /// Let a handler take nothing more; what it has in hand is finished
    Pause {
        /// The handler
        name: String,
        #[command(flatten)]
        why: Why,
    },
    /// End a pause
    Resume {
        /// The handler
        name: String,
        #[command(flatten)]
        who: Who,
    },
    /// Set how many messages a handler works on at a time, within its declared bounds
    Concurrency {
        /// The handler
        name: String,
        /// How many
        workers: usize,
        #[command(flatten)]
        who: Who,
    },
    /// Pause a handler and wait until it has nothing in hand
    Drain {
        /// The handler
        name: String,
        #[command(flatten)]
        why: Why,
        /// How long to wait, up to 10m; it stays paused after that
        #[arg(long, value_name = "TIME", default_value = "30s", value_parser = words::duration)]
        wait: Duration,
    },
}

#[derive(Debug, Clone, Args)]
pub(super) struct Who {
    /// Whom to ask about it; without it the user of this shell
    #[arg(long, value_name = "NAME")]
    pub(super) owner: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Why {
    #[command(flatten)]
    pub(super) who: Who,
    /// Why; shown wherever the handler is
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// It ends by itself after this time, such as 90s, 10m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = words::duration)]
    pub(super) expiry: Option<Duration>,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 64 usage, 65 refused as out of bounds, 66 no such handler or token file,
  69 the application cannot be reached, 75 not drained in time (it stays paused), 77 a token is needed";
