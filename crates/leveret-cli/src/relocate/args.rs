//! What `leveret move` can be asked for.

use clap::Args;
use leveret_client::ShortStr;

use crate::{messages::words, web::TrustArgs};

/// Moves messages.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "the command has these flags")]
#[command(after_help = AFTER_HELP)]
pub(crate) struct MoveArgs {
    /// The queue they are in
    #[arg(value_parser = words::short, required_unless_present = "all", conflicts_with = "all")]
    pub(crate) queue: Option<ShortStr>,
    /// To the queue of this name instead of the same
    #[arg(long = "as", value_name = "QUEUE", value_parser = words::short, conflicts_with = "all")]
    pub(crate) name: Option<ShortStr>,
    /// The broker they are on, such as `amqp://user@host/vhost`; without it the environment's
    /// `AMQP_URL`, or the one on this machine
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
    /// The broker they go to; without it the same
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// Exchanges, queues, bindings and policies first, then the messages of all queues
    #[arg(long, requires = "to", requires = "from_http", conflicts_with_all = ["copy", "count"])]
    pub(crate) all: bool,
    /// The HTTP API of the broker they are on, such as `http://host:15672` or `https://host:15671`
    #[arg(long, value_name = "URL", alias = "from-api")]
    pub(crate) from_http: Option<String>,
    /// The HTTP API of the broker they go to; without it policies are left out
    #[arg(long, value_name = "URL", alias = "to-api")]
    pub(crate) to_http: Option<String>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// Leave them where they are, too
    #[arg(long)]
    pub(crate) copy: bool,
    /// No more than so many
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) count: Option<u64>,
    /// No more than so many in a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: Option<u32>,
    /// Only say what would be moved
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const AFTER_HELP: &str = "\
A message is taken off only when the other side has confirmed it, in the order of the queue, with its
properties and headers. Within one Leveret broker taking and giving is one transaction. What comes
meanwhile is moved as well; the command ends when nothing waits any more. It stops when the target
raises an alarm, at Ctrl-C and at the first message that is refused; run it again to go on. Where a
connection is cut, up to 256 messages may be on both sides, each under its message-id: it says so.

Routing keys stay, by a temporary exchange on the target; without the permission to make one they
become the queue's name. A user-id that is not the target's user is taken off; a CC header would copy
messages again, and becomes x-leveret-cc. Times to live begin anew. With --copy on a broker that is no
Leveret the messages are taken and given back, which marks them as delivered before.

Examples:
  leveret move jobs --as jobs.v2
  leveret move jobs --to amqp://user@other/%2F --rate 500
  leveret move --all --from amqp://old --from-http http://old:15672 --to amqp://new --to-http http://new:15672

Exit codes: 0 moved, 3 some are moved and then it stopped (the summary says why; run it again to go
  on); if none is moved: 64 usage, 69 a broker cannot be used or refused, 75 stopped by an alarm of the
  target, 77 not permitted, 130 stopped by Ctrl-C";
