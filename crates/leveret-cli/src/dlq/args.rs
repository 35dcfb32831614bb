//! What `leveret dlq` can be asked for.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use leveret_client::{FieldValue, ShortStr};

use crate::messages::{
    args::{BrokerAddress, FormArgs},
    words,
};

/// Looks into dead-letter queues, and sends messages back.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DlqArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerAddress,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Verb {
    /// How many messages wait in these queues
    Ls {
        /// Dead-letter queues, such as jobs.dead
        #[arg(required = true, value_parser = words::short)]
        queues: Vec<ShortStr>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// What went wrong, how often: messages that failed alike are one group
    Group {
        #[command(flatten)]
        which: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print messages with what went wrong; they stay
    Show {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Send messages back to the queue they came from
    Redrive {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        sending: Sending,
        #[command(flatten)]
        shadow: ShadowArgs,
    },
    /// Send one message back with another body or other headers
    Edit {
        #[command(flatten)]
        which: Which,
        /// The new body; - is standard input
        #[arg(long, value_name = "FILE")]
        body: Option<PathBuf>,
        /// Set a header: name=text, or name:=JSON; many times
        #[arg(long = "set-header", value_name = "NAME=VALUE", value_parser = words::header)]
        set_headers: Vec<(ShortStr, FieldValue)>,
        #[command(flatten)]
        sending: Sending,
    },
    /// Delete messages
    Drop {
        #[command(flatten)]
        which: Which,
        /// Only say what would be deleted
        #[arg(long)]
        dry_run: bool,
        /// Do not ask; needed where there is no terminal to ask at
        #[arg(long, short)]
        yes: bool,
    },
    /// Print messages as JSON lines, which `leveret publish --json` takes; they stay
    Export {
        #[command(flatten)]
        which: Which,
    },
}

/// Which messages of which queue.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// The dead-letter queue
    #[arg(value_parser = words::short)]
    pub(crate) queue: ShortStr,
    /// Of this group, as `leveret dlq group` names it
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// With this header: name=text, or name:=JSON; all that are given have to be there
    #[arg(long = "header", short = 'H', value_name = "NAME=VALUE", value_parser = words::header)]
    pub(crate) headers: Vec<(ShortStr, FieldValue)>,
    /// With this in a JSON body, such as order.lines.0.sku=A17; all that are given
    #[arg(long = "json-path", value_name = "PATH=VALUE", value_parser = words::path)]
    pub(crate) paths: Vec<(String, String)>,
    /// With this message-id
    #[arg(long, value_name = "ID")]
    pub(crate) message_id: Option<String>,
    /// No more than so many
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Look at no more than so many messages of the queue
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) scan: u64,
}

/// How messages are sent back.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sending {
    /// To this queue instead of the one it came from
    #[arg(long, value_name = "QUEUE", value_parser = words::short)]
    pub(crate) to: Option<ShortStr>,
    /// No more than so many in a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rate: Option<u32>,
    /// Only say what would be sent where
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A trial.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShadowArgs {
    /// Send nothing; start this command with `AMQP_URL` of a broker in memory, give it the messages
    /// there one after another, and show what becomes of each
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["to", "rate", "dry_run"])]
    pub(crate) shadow: Option<String>,
    /// Declare this topology file's objects in the broker in memory first
    #[arg(long, value_name = "FILE", requires = "shadow")]
    pub(crate) topology: Option<PathBuf>,
    /// How long the command may take until it consumes, and for each message
    #[arg(long, value_name = "TIME", value_parser = words::duration, default_value = "30s")]
    pub(crate) patience: Duration,
    /// Print JSON, with the bodies of outputs
    #[arg(long, requires = "shadow")]
    pub(crate) json: bool,
}

const AFTER_HELP: &str = "\
All of it is plain AMQP, so it works on RabbitMQ as well. On a Leveret broker looking changes nothing;
on others messages are taken and given back, which marks them as delivered before and counts towards
the delivery limit of a quorum queue.

A message is sent back through the default exchange to the queue it failed in, in the order of the
dead-letter queue; it leaves that queue only when the broker has confirmed the copy. Its record of
failures is taken off, its attempts begin again, and x-leveret-redrives counts how often it was sent
back. Stopped in between, at most one message is there twice, under one message-id.

Examples:
  leveret dlq group jobs.dead
  leveret dlq show jobs.dead --group 5f1c02aa -n 3
  leveret dlq redrive jobs.dead --group 5f1c02aa --rate 50
  leveret dlq redrive jobs.dead --json-path customer.id=17 --dry-run
  leveret dlq redrive jobs.dead --shadow 'target/release/jobs' --topology jobs.toml

Exit codes: 0 done, 64 usage, 66 no such file, 69 the broker cannot be used or refused";
