//! What the commands that handle single messages can be asked for.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use leveret_client::{FieldValue, ShortStr};

use super::words;

/// Which broker.
#[derive(Debug, Clone, Args)]
pub(crate) struct BrokerAddress {
    /// The broker, such as `amqp://user@host/vhost`; without it the environment's `AMQP_URL`,
    /// `RABBITMQ_URL` or `CLOUDAMQP_URL`, and `AMQP_PASSWORD`; else the one on this machine
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) url: Option<String>,
}

/// How messages are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people: where from, properties, the body if it is text
    Text,
    /// One JSON object on each line, which `leveret publish --json` takes
    Json,
    /// The bodies alone, each with a line feed after it
    Raw,
}

/// How messages are printed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct FormArgs {
    /// One JSON object on each line, which `leveret publish --json` takes
    #[arg(long, conflicts_with = "raw")]
    json: bool,
    /// The bodies alone, each with a line feed after it
    #[arg(long)]
    raw: bool,
}

impl FormArgs {
    pub(crate) fn form(self) -> Form {
        match (self.json, self.raw) {
            (true, _) => Form::Json,
            (false, true) => Form::Raw,
            (false, false) => Form::Text,
        }
    }
}

/// Publishes messages.
#[derive(Debug, Clone, Args)]
#[command(after_help = PUBLISH_HELP)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerAddress,
    /// The body; without it standard input is read
    #[arg(conflicts_with_all = ["file", "lines", "json"])]
    pub(crate) body: Option<String>,
    /// Publish to this queue, through the default exchange
    #[arg(long, short, value_name = "QUEUE", value_parser = words::short, conflicts_with_all = ["exchange", "key"])]
    pub(crate) queue: Option<ShortStr>,
    /// Publish to this exchange
    #[arg(long, short = 'x', value_name = "EXCHANGE", value_parser = words::short)]
    pub(crate) exchange: Option<ShortStr>,
    /// With this routing key
    #[arg(long, short, value_name = "KEY", value_parser = words::short)]
    pub(crate) key: Option<ShortStr>,
    /// Take the body from this file, as it is
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["lines", "json"])]
    pub(crate) file: Option<PathBuf>,
    /// Each line of standard input is a message
    #[arg(long, conflicts_with = "json")]
    pub(crate) lines: bool,
    /// Each line of standard input is a message as `leveret get --json` prints it
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) properties: PropertyArgs,
    /// The broker routes it only after this time, such as 500ms, 30s, 10m, 2h; a Leveret broker can
    #[arg(long, value_name = "TIME", value_parser = words::duration, conflicts_with = "at")]
    pub(crate) after: Option<Duration>,
    /// The broker routes it only at this time, such as 2026-12-24T18:00:00Z; a Leveret broker can
    #[arg(long, value_name = "DATE", value_parser = words::instant)]
    pub(crate) at: Option<i64>,
    /// With --after or --at: the name by which the waiting message can be replaced or cancelled
    #[arg(long, value_name = "ID", value_parser = words::short)]
    pub(crate) schedule_id: Option<ShortStr>,
    /// Publish nothing: cancel the waiting message of this name, at the same queue or exchange
    #[arg(
        long,
        value_name = "ID",
        value_parser = words::short,
        conflicts_with_all = ["body", "file", "lines", "json", "after", "at", "schedule_id"]
    )]
    pub(crate) cancel: Option<ShortStr>,
}

impl PublishArgs {
    /// Whether it asks for what only a Leveret broker does.
    pub(crate) fn is_scheduled(&self) -> bool {
        self.after.is_some() || self.at.is_some() || self.cancel.is_some()
    }
}

/// Properties of a message.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PropertyArgs {
    /// A header: name=text, or name:=JSON for numbers, lists, true and false; many times
    #[arg(long = "header", short = 'H', value_name = "NAME=VALUE", value_parser = words::header)]
    pub(crate) headers: Vec<(ShortStr, FieldValue)>,
    /// The MIME type of the body
    #[arg(long, value_name = "TYPE", value_parser = words::short)]
    pub(crate) content_type: Option<ShortStr>,
    /// The message's id
    #[arg(long, value_name = "ID", value_parser = words::short)]
    pub(crate) message_id: Option<ShortStr>,
    /// Which request it answers
    #[arg(long, value_name = "ID", value_parser = words::short)]
    pub(crate) correlation_id: Option<ShortStr>,
    /// The message's type
    #[arg(long = "type", value_name = "TYPE", value_parser = words::short)]
    pub(crate) kind: Option<ShortStr>,
    /// The queue an answer goes to
    #[arg(long, value_name = "QUEUE", value_parser = words::short)]
    pub(crate) reply_to: Option<ShortStr>,
    /// The priority
    #[arg(long, value_name = "N")]
    pub(crate) priority: Option<u8>,
    /// How long it may wait in a queue, such as 500ms, 30s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = words::duration)]
    pub(crate) expires: Option<Duration>,
    /// Do not keep it over a restart of the broker
    #[arg(long)]
    pub(crate) transient: bool,
}

/// Looks at messages of a queue, or takes them.
#[derive(Debug, Clone, Args)]
#[command(after_help = GET_HELP)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerAddress,
    /// The queue
    #[arg(value_parser = words::short)]
    pub(crate) queue: ShortStr,
    /// How many messages at most
    #[arg(long, short = 'n', default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) count: u16,
    /// Take them out of the queue, each when it is printed
    #[arg(long)]
    pub(crate) take: bool,
    #[command(flatten)]
    pub(crate) form: FormArgs,
}

/// Consumes a queue.
#[derive(Debug, Clone, Args)]
#[command(after_help = CONSUME_HELP)]
pub(crate) struct ConsumeArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerAddress,
    /// The queue
    #[arg(value_parser = words::short)]
    pub(crate) queue: ShortStr,
    /// How many messages may be delivered ahead of their acknowledgement
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) prefetch: u16,
    #[command(flatten)]
    pub(crate) end: EndArgs,
    #[command(flatten)]
    pub(crate) form: FormArgs,
}

/// Watches an exchange.
#[derive(Debug, Clone, Args)]
#[command(after_help = TAIL_HELP)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerAddress,
    /// The exchange
    #[arg(value_parser = words::short)]
    pub(crate) exchange: ShortStr,
    /// Routing keys, with the patterns of a topic exchange
    #[arg(default_value = "#", value_name = "KEY", value_parser = words::short)]
    pub(crate) keys: Vec<ShortStr>,
    #[command(flatten)]
    pub(crate) end: EndArgs,
    #[command(flatten)]
    pub(crate) form: FormArgs,
}

/// When to stop by itself.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct EndArgs {
    /// Stop after so many messages
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Stop when no message came for this time, such as 2s
    #[arg(long, value_name = "TIME", value_parser = words::duration)]
    pub(crate) idle: Option<Duration>,
}

/// Calls a server and prints its reply.
#[derive(Debug, Clone, Args)]
#[command(after_help = CALL_HELP)]
pub(crate) struct CallArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerAddress,
    /// The server's queue; with `--exchange` the routing key
    #[arg(value_parser = words::short)]
    pub(crate) queue: ShortStr,
    /// The body; without it standard input is read
    pub(crate) body: Option<String>,
    /// Send the request to this exchange
    #[arg(long, short = 'x', value_name = "EXCHANGE", default_value = "", value_parser = words::short)]
    pub(crate) exchange: ShortStr,
    /// How long the reply may take
    #[arg(long, default_value = "5s", value_name = "TIME", value_parser = words::duration)]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) properties: PropertyArgs,
    #[command(flatten)]
    pub(crate) form: FormArgs,
}

/// Deletes what waits in a queue.
#[derive(Debug, Clone, Args)]
pub(crate) struct PurgeArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerAddress,
    /// The queue
    #[arg(value_parser = words::short)]
    pub(crate) queue: ShortStr,
    /// Do not ask; needed where there is no terminal to ask at
    #[arg(long, short)]
    pub(crate) yes: bool,
}

const PUBLISH_HELP: &str = "\
Each message is persistent, and confirmed by the broker before it counts as published. One that no
queue takes is an error.

Examples:
  leveret publish --queue jobs 'resize 17'
  leveret publish -x orders -k order.created --content-type application/json -f order.json
  seq 1000 | leveret publish --queue numbers --lines
  leveret publish -q remind --at 2026-12-24T18:00:00+01:00 --schedule-id tree 'light it'
  leveret publish -q remind --cancel tree
  leveret get jobs -n 100 --json > kept.jsonl; leveret publish --json < kept.jsonl

Ctrl-C ends the reading of lines: what was read by then is confirmed, and counted.

Exit codes: 0 all confirmed, 1 nothing of that name waits to be cancelled, 3 some published, then Ctrl-C,
  64 usage, 65 a line is no message, 66 no such file, 69 the broker cannot be used or refused";

const GET_HELP: &str = "\
Without `--take` the messages stay. On a Leveret broker looking changes nothing; on others they are
taken and given back, which marks them as delivered before.

Exit codes: 0 looked, also at an empty queue, 64 usage, 69 the broker cannot be used or refused";

const CONSUME_HELP: &str = "\
Prints messages until Ctrl-C. Each is acknowledged when it is printed; what was delivered and not
printed goes back to the queue.

Exit codes: 0 stopped, 64 usage, 69 the broker cannot be used, refused, or ended the consumer";

const TAIL_HELP: &str = "\
Prints copies of what is published from now on, until Ctrl-C; nobody loses a message by it.

Examples:
  leveret tail orders                 all of a topic or fanout exchange
  leveret tail orders 'order.*.paid'  by a pattern
  leveret tail amq.rabbitmq.trace     everything, where tracing is on

Exit codes: 0 stopped, 64 usage, 69 the broker cannot be used or refused";

const CALL_HELP: &str = "\
Exit codes: 0 answered, 1 answered with an error, 64 usage, 69 nobody serves it, or the broker
  cannot be used, 75 no reply in time";
