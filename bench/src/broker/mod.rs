//! The broker as a process on one processor, under load from the other.

mod backlog;
mod load;
mod process;
mod row;
mod table;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

pub(crate) use self::backlog::{BacklogArgs, run as run_backlog};
use self::{
    load::Target,
    process::{Process, command},
    row::ROWS,
    table::{Runs, Table},
};
use crate::disk::Syncs;

/// The broker as a process, under the load of `leveret bench`.
///
/// Build the command first: `cargo build --release -p leveret-cli`.
#[derive(Debug, Args)]
pub(crate) struct BrokerArgs {
    /// How many runs; the table shows medians.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// How long one row of one run is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only rows with this in their title.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// A peer of ours, already running; pin it to the first processor (`taskset -c 0`).
    #[arg(long, value_name = "URL", requires = "peer_pid")]
    peer: Option<String>,
    /// The peer's process.
    #[arg(long, value_name = "PID", requires = "peer")]
    peer_pid: Option<u32>,
    /// Prints the table as JSON, and what is being run on the error stream.
    #[arg(long)]
    json: bool,
    /// Where the data directories are made; on the disk to be measured.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

pub(crate) fn run(args: &BrokerArgs) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.folder).with_context(|| args.folder.display().to_string())?;
    let leveret = command()?;
    let wanted = args.only.as_deref().unwrap_or_default();
    let rows = ROWS.iter().filter(|row| row.title.contains(wanted));
    let mut table = Table {
        rows: rows.map(|row| Runs { row, ours: Vec::new(), peer: Vec::new() }).collect(),
        ..Table::default()
    };
    for run in 1..=args.runs {
        table.syncs.push(Syncs::measure(&args.folder)?);
        for runs in &mut table.rows {
            eprintln!("run {run} of {}: {}", args.runs, runs.row.title);
            runs.ours.push(ours(args, &leveret, runs)?);
            if let (Some(url), Some(pid)) = (&args.peer, args.peer_pid) {
                let target = Target { url, pid };
                runs.peer.push(load::measure(&leveret, target, runs.row, args.seconds)?);
            }
        }
        table.syncs.push(Syncs::measure(&args.folder)?);
    }
    if args.json {
        println!("{}", table.to_json());
    } else {
        println!("\n{table}");
    }
    Ok(())
}

fn ours(args: &BrokerArgs, leveret: &Path, runs: &Runs) -> anyhow::Result<load::Figures> {
    let process = Process::start(leveret, &args.folder)?;
    let target = Target { url: &process.url, pid: process.pid() };
    load::measure(leveret, target, runs.row, args.seconds)
}
