//! What `leveret new` and `leveret dev` can be told.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

/// Writes a new project.
#[derive(Debug, Clone, Args)]
#[command(after_help = NEW_HELP)]
pub(crate) struct NewArgs {
    /// The folder to make; its last part is the name of the program
    pub(super) folder: PathBuf,
    /// The checkout of Leveret that it is built with; there is no published version yet
    #[arg(long, value_name = "DIR", env = "LEVERET_CHECKOUT")]
    pub(super) leveret: PathBuf,
}

/// Runs a project on a broker of its own.
#[derive(Debug, Clone, Args)]
#[command(after_help = DEV_HELP)]
pub(crate) struct DevArgs {
    /// The folder of the project
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) folder: PathBuf,
    /// Where the broker listens; port 0 takes a free one
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:5672",
        value_parser = leveret_broker::parse_address
    )]
    pub(super) listen: SocketAddr,
    /// Answer the HTTP admin API (which `leveret ctl` uses) here
    #[arg(long, value_name = "ADDR", value_parser = leveret_broker::parse_address)]
    pub(super) admin_listen: Option<SocketAddr>,
    /// Keep messages in this directory, so that they are there the next time; else in memory
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// Which of the project's programs to run, if it has many
    #[arg(long, value_name = "NAME")]
    pub(super) bin: Option<String>,
    /// Arguments of the program
    #[arg(last = true, value_name = "ARGS")]
    pub(super) arguments: Vec<String>,
}

const NEW_HELP: &str = "\
Makes a program with two handlers, its tests and its configuration:
  leveret new hello --leveret ../leveret
  cd hello; cargo test; leveret dev

Exit codes: 0 made, 64 usage or no name of a program, 66 no checkout there, 73 it is there already, 74 disk";

const DEV_HELP: &str = "\
Starts a broker in this process, builds the program, and runs it with the broker's address in AMQP_URL.
At each change of a file it is built again; when that succeeds, the running one is asked to stop
(SIGTERM, after 10 s SIGKILL) and the new one started. The broker and its messages stay. Ctrl-C ends both.

Exit codes: 0 stopped, 64 usage, 66 no Cargo.toml there, 70 cargo cannot be run, 75 the address is in use";
