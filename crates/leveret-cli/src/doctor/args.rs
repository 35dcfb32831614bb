//! What `leveret doctor` can be asked for.

use std::path::PathBuf;

use clap::Args;
use leveret_client::ShortStr;

use crate::{
    messages::{args::BrokerAddress, words},
    web::TrustArgs,
};

/// Checks the way to a broker, and what is there.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(super) broker: BrokerAddress,
    /// The broker's HTTP API; without it port 15672 of the broker's host is tried, for amqps:// port
    /// 15671 with https://
    #[arg(long, value_name = "URL", env = "LEVERET_ADMIN_ADDRESS", alias = "api")]
    pub(super) http: Option<String>,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// A queue that is to be there and consumed from; can be given many times
    #[arg(long, short, value_name = "QUEUE", value_parser = words::short)]
    pub(super) queue: Vec<ShortStr>,
    /// A file of `leveret run`: its queues are to be there and consumed from
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

const AFTER_HELP: &str = "\
It only looks: nothing is declared, nothing is taken. What the HTTP API tells is skipped where there
is none. Its user and password are the broker's, or LEVERET_ADMIN_USER and LEVERET_ADMIN_PASSWORD.

Exit codes: 0 all is well, or there are warnings only; 1 something fails; 64 usage,
  66 no such file, 78 the file is wrong";
