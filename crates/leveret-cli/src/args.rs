//! The command line: what can be written, and its help.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::{
    bench::args::BenchArgs,
    ctl::args::CtlArgs,
    dlq::args::DlqArgs,
    doctor::args::DoctorArgs,
    handlers::args::HandlersArgs,
    journal::JournalCommand,
    manual::ManArgs,
    messages::args::{CallArgs, ConsumeArgs, GetArgs, PublishArgs, PurgeArgs, TailArgs},
    project::args::{DevArgs, NewArgs},
    relocate::args::MoveArgs,
    run::args::{ConfigArgs, RunArgs},
    topology::args::TopologyArgs,
    why::args::WhyArgs,
};

/// AMQP in one binary: a durable broker, and the tools around it.
#[derive(Debug, Parser)]
#[command(name = "leveret", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the broker until it is told to stop (SIGINT or SIGTERM; a second one forces it)
    Broker(BrokerArgs),
    /// Publish messages, each confirmed by the broker
    Publish(PublishArgs),
    /// Look at messages that wait in a queue, or take them
    Get(GetArgs),
    /// Print the messages of a queue as they come, and acknowledge them
    Consume(ConsumeArgs),
    /// Watch what is published to an exchange, without taking it from anybody
    Tail(TailArgs),
    /// Send a request and print the reply
    Call(CallArgs),
    /// Delete the messages that wait in a queue
    Purge(PurgeArgs),
    /// Make a new project: two handlers, their tests, a configuration
    New(NewArgs),
    /// Run a project on a broker of its own, and build and run it again at each change
    Dev(DevArgs),
    /// Look into dead-letter queues: what failed, how often; send it back, edited or not
    Dlq(DlqArgs),
    /// Exchanges, queues, bindings and policies by a file: plan, apply, drift, delete, import, export
    Topology(TopologyArgs),
    /// Move messages from queue to queue, or all there is from broker to broker
    Move(MoveArgs),
    /// Put load on a broker and measure rates, latencies and processor time
    Bench(BenchArgs),
    /// Administer a running broker: users, permissions, policies, limits, queues, connections
    Ctl(CtlArgs),
    /// Print what completes this command's words in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page of this command, or write those of all into a directory
    Man(ManArgs),
    /// Explain why a queue does not move, and what to do
    Why(WhyArgs),
    /// Check the way to a broker and what is there; each line with what mends it
    Doctor(DoctorArgs),
    /// Steer the handlers of a running application: list, pause, resume, concurrency, drain
    Handlers(HandlersArgs),
    /// Look at a data directory that no broker has open: inspect, verify, salvage
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Run the handlers of a file until told to stop (SIGINT or SIGTERM; a second one forces it)
    Run(RunArgs),
    /// Look at a run file: check it, show every setting as it holds, or its schema
    Config(ConfigArgs),
}

#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BrokerArgs {
    #[command(subcommand)]
    pub(crate) command: Option<BrokerCommand>,
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Listen here instead of 127.0.0.1:5672; can be given many times, port 0 takes a free one
    #[arg(long, value_name = "ADDR", value_parser = leveret_broker::parse_address)]
    pub(crate) listen: Vec<SocketAddr>,
    /// Answer the HTTP admin API (which `leveret ctl` uses) here, such as at 127.0.0.1:15672
    #[arg(long, value_name = "ADDR", value_parser = leveret_broker::parse_address)]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Keep messages in this directory instead of ./leveret-data; made if missing
    #[arg(long, value_name = "DIR", conflicts_with = "in_memory")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keep messages in memory only; they are gone when the broker stops
    #[arg(long)]
    pub(crate) in_memory: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum BrokerCommand {
    /// Look at the configuration instead of running
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting as it holds; passwords are not shown
    Show {
        /// Say for each where it comes from: flag, environment, file and line, or default
        #[arg(long)]
        sources: bool,
    },
}

const AFTER_HELP: &str = "\
Settings are taken from flags, then the environment, then the file, then defaults:
  LEVERET_BROKER_CONFIG     the file
  LEVERET_BROKER_LISTEN     addresses, parted by commas
  LEVERET_BROKER_DATA_DIR   the data directory
  LEVERET_BROKER_IN_MEMORY  true or false
  LEVERET_LOG               what to log: error, warn, info, debug, trace, or a filter

SIGHUP reads the file again: limits, alarms and certificates change for new connections, the log
says what waits for a restart, and a file with mistakes changes nothing.

Without users in the file there is `guest` with the password `guest`, from this machine only.

Exit codes: 0 stopped cleanly, 64 usage, 65 data damaged or of a newer version, 66 no such file,
  70 internal failure, 73 data directory in use or not to be made, 74 disk failure,
  75 address in use, 77 no permission, 78 configuration, 130 forced by a second signal";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
