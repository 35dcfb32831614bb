//! What `leveret why` can be asked for.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use leveret_client::ShortStr;

use crate::{
    messages::{args::BrokerAddress, words},
    web::TrustArgs,
};

/// Explains a queue.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct WhyArgs {
    #[command(flatten)]
    pub(super) broker: BrokerAddress,
    /// The queue
    #[arg(value_parser = words::short)]
    pub(super) queue: ShortStr,
    /// The broker's HTTP API; without it port 15672 of the broker's host is tried, for amqps:// port
    /// 15671 with https://
    #[arg(long, value_name = "URL", env = "LEVERET_ADMIN_ADDRESS", alias = "api")]
    pub(super) http: Option<String>,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// An application of the framework that serves control; can be given many times
    #[arg(long = "app", value_name = "ADDR")]
    pub(super) apps: Vec<String>,
    /// The file with the token that applications ask for
    #[arg(long, value_name = "FILE", env = "LEVERET_APP_TOKEN_FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Whether what is published to this exchange comes here
    #[arg(long, short = 'x', value_name = "EXCHANGE")]
    pub(super) exchange: Option<String>,
    /// With this routing key
    #[arg(long, short, value_name = "KEY", requires = "exchange")]
    pub(super) key: Option<String>,
    /// How long to look at what moves
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = words::duration)]
    pub(super) watch: Duration,
    /// A handler that finishes nothing for this long is blocked
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = words::duration)]
    pub(super) stuck_after: Duration,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

const AFTER_HELP: &str = "\
It only looks: nothing is taken from the queue, and nothing is declared. Over plain AMQP it sees
counts; what the HTTP API, peeking (a Leveret broker) and applications tell is put on top.
The API's user and password are the broker's, or LEVERET_ADMIN_USER and LEVERET_ADMIN_PASSWORD.

Exit codes: 0 it moves, or nothing waits; 1 it does not move; 64 usage, 66 no such token file";
