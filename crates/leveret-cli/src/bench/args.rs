//! What `leveret bench` can be asked for.

use clap::{Args, ValueEnum};

/// Puts load on a broker and measures it.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BenchArgs {
    /// The broker; the environment's `AMQP_URL` is taken without this
    #[arg(
        long,
        value_name = "URL",
        env = "AMQP_URL",
        hide_env_values = true,
        default_value = "amqp://guest:guest@127.0.0.1:5672/%2F",
        hide_default_value = true
    )]
    pub(crate) url: String,
    /// How many producers, each with a connection of its own; 0 to only drain
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) producers: usize,
    /// How many consumers of each queue, each with a connection of its own; 0 to only fill
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) consumers: usize,
    /// Bytes in each body; with fewer than 8 there is no latency
    #[arg(long, default_value_t = 100, value_name = "BYTES")]
    pub(crate) size: usize,
    /// Publish persistent messages to durable queues
    #[arg(long)]
    pub(crate) persistent: bool,
    /// How many publishes of a producer may wait for their confirm; 0 asks for no confirms
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) window: usize,
    /// How many deliveries of a consumer may wait for their ack; 0 is no limit
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub(crate) prefetch: u16,
    /// Acknowledge every so many deliveries, all at once; 1 is each, 0 has the broker do it
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) ack: u64,
    /// Messages per second of all producers together; without it as fast as possible
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<u32>,
    /// Measure so many seconds
    #[arg(long, default_value_t = 10, value_name = "N", conflicts_with = "messages")]
    pub(crate) seconds: u64,
    /// Seconds before the measurement begins
    #[arg(long, default_value_t = 1, value_name = "N", conflicts_with = "messages")]
    pub(crate) warmup: u64,
    /// Measure until so many messages are published, or consumed where there are consumers
    #[arg(long, value_name = "N")]
    pub(crate) messages: Option<u64>,
    /// How messages reach the queues
    #[arg(long, value_enum, default_value_t = Pattern::Queue)]
    pub(crate) pattern: Pattern,
    /// How many queues
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) queues: usize,
    /// With `--pattern topic`: how many bindings, spread over the queues
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub(crate) bindings: usize,
    /// With `--pattern topic`: publish only with the keys of so many of them, each in its turn
    #[arg(long, value_name = "N")]
    pub(crate) keys: Option<usize>,
    /// Connections with one channel each that do nothing
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) idle: usize,
    /// What the names of queues and exchange begin with
    #[arg(long, default_value = "leveret-bench", value_name = "NAME")]
    pub(crate) name: String,
    /// Leave queues and messages there at the end
    #[arg(long)]
    pub(crate) keep: bool,
    /// The broker's process on this machine: its processor time and memory are reported too
    #[arg(long, value_name = "PID")]
    pub(crate) broker_pid: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// How messages reach the queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pattern {
    /// Each to one queue, in turns, by the default exchange
    Queue,
    /// Each to all queues, by a fanout exchange
    Fanout,
    /// Each to one queue, by a topic exchange with many bindings
    Topic,
}

const AFTER_HELP: &str = "\
Examples:
  leveret bench --ack 0                                   transient, automatic acknowledgement
  leveret bench --persistent --window 1000 --ack 100      every message confirmed as safe
  leveret bench --persistent --window 1000 --rate 5000    latency at a fixed rate
  leveret bench --pattern fanout --queues 10              one published, ten delivered
  leveret bench --consumers 0 --messages 1000000 --keep   fill; then with --producers 0, drain

Latency is from just before the publish until the delivery is taken, and until the confirm is.
The queues are made anew, and deleted at the end without --keep.

Exit codes: 0 measured, 64 usage, 69 the broker cannot be used, 70 internal failure";
