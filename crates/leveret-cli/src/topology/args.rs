//! What `leveret topology` can be asked for.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{messages::args::BrokerAddress, web::TrustArgs};

/// Exchanges, queues, bindings and policies by a file.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct TopologyArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerAddress,
    /// The broker's HTTP API, such as `http://host:15672` or `https://host:15671`; without it single
    /// questions are asked over AMQP, which sees less
    #[arg(long, value_name = "URL", env = "LEVERET_ADMIN_ADDRESS", alias = "api", global = true)]
    pub(crate) http: Option<String>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Verb {
    /// Show what would be done; exit code 2 if something would be
    Plan {
        /// A topology file, or a definitions.json
        file: PathBuf,
        /// Also delete what the file does not know
        #[arg(long)]
        prune: bool,
    },
    /// Do it; asks before it deletes anything
    Apply {
        /// A topology file, or a definitions.json
        file: PathBuf,
        /// Also delete what the file does not know
        #[arg(long)]
        prune: bool,
        #[command(flatten)]
        deleting: DeletingArgs,
    },
    /// Show what of a broker is otherwise than the file says; exit code 2 if something is
    Drift {
        /// A topology file, or a definitions.json
        file: PathBuf,
    },
    /// Delete what the file declares
    Delete {
        /// A topology file, or a definitions.json
        file: PathBuf,
        /// Only show what would be deleted
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        deleting: DeletingArgs,
    },
    /// Write a topology file of what a broker has, or of a definitions.json
    Import {
        /// Take it from this definitions.json instead of a broker
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// Write it here instead of to standard output; a file that is there stays
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write a definitions.json of a topology file, or of what a broker has
    Export {
        /// Take it from this topology file instead of a broker
        file: Option<PathBuf>,
        /// Write it here instead of to standard output; a file that is there stays
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// How far deleting may go.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct DeletingArgs {
    /// Do not ask; needed where there is no terminal to ask at
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Delete queues that hold messages, too, with these
    #[arg(long)]
    pub(crate) with_messages: bool,
}

const AFTER_HELP: &str = "\
The virtual host is that of the broker's address. Objects are declared over AMQP, so the user's
permissions hold; policies go through the management API. Its user and password are those of the
broker's address, unless the URL names others or LEVERET_ADMIN_USER and LEVERET_ADMIN_PASSWORD do.

Exit codes: 0 nothing to do, or done; 2 there are changes (plan, drift); 1 the plan cannot be had: an
  object is not as the file verifies it, a binding leads nowhere, a queue holds messages; 64 usage,
  66 no such file, 69 the broker cannot be used or refused, 73 a file is in the way, 77 not permitted,
  78 the file is wrong";
