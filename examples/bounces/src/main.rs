//! The command `bounces`: turns a directory of bounce e-mails into results.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

mod app;

use app::{Ending, Input, Layout, Options};

/// How an interrupted program ends: 128 and the number of the signal.
const EXIT_INTERRUPTED: u8 = 130;

/// What is logged unless told otherwise.
const LOG_DEFAULT: &str = "warn,leveret::worker::attempt=error";

/// Tells what bounce e-mails and feedback reports are, on a message broker.
///
/// Each mail of the directory becomes a message; handlers classify it (hard bounce, soft bounce,
/// complaint, automatic reply, unknown), write the result, and keep a suppression list. Killed
/// at any moment and started again, the program finishes with the same results.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    hidden: Option<Hidden>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Hidden {
    /// Prints the verdict on each file of a directory, without any broker.
    #[command(hide = true)]
    Classify {
        /// The directory.
        directory: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Run {
    /// The directory of mails, left as it is; with a folder `new` in it, mails move from there to
    /// `cur`. Without one the program runs on its own samples.
    directory: Option<PathBuf>,
    /// Where results go [default: bounces-out/<input>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where the embedded broker keeps its data [default: <out>/data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Use this broker instead of the embedded one: amqp://user:password@host:port/vhost
    #[arg(long, value_name = "URL", env = "BOUNCES_AMQP")]
    amqp: Option<String>,
    /// How many mails are classified at a time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    workers: u16,
    /// Hold each mail so long, to watch the program at work
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0, hide = true)]
    pace: u64,
}

fn main() -> ExitCode {
    let command = Command::parse();
    let ended = match command.hidden {
        Some(Hidden::Classify { directory }) => {
            print_verdicts(directory).map(|()| ExitCode::SUCCESS)
        }
        None => run(command.run),
    };
    ended.unwrap_or_else(|error| {
        // Nobody may be listening; the exit code tells it too.
        writeln!(std::io::stderr(), "bounces: {error:#}").ok();
        ExitCode::FAILURE
    })
}

fn run(run: Run) -> anyhow::Result<ExitCode> {
    log();
    let input = Input::of(run.directory)?;
    let out = run.out.unwrap_or_else(|| PathBuf::from("bounces-out").join(input.name()));
    let options = Options {
        layout: Layout::open(out, run.data_dir, &input.source())?,
        input,
        address: run.amqp,
        workers: run.workers.into(),
        pace: Duration::from_millis(run.pace),
    };
    let runtime = tokio::runtime::Runtime::new()?;
    Ok(match runtime.block_on(app::run(options))? {
        Ending::Whole => ExitCode::SUCCESS,
        Ending::Unaccounted => ExitCode::FAILURE,
        Ending::Interrupted => ExitCode::from(EXIT_INTERRUPTED),
    })
}

/// Warnings and errors, unless `RUST_LOG` asks for more; dead letters are told at the end.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(LOG_DEFAULT)))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

fn print_verdicts(directory: PathBuf) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path()));
    let mut files: Vec<PathBuf> = entries.collect::<std::io::Result<_>>()?;
    files.sort();
    let mut out = std::io::stdout().lock();
    for file in files.iter().filter(|file| file.is_file()) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match bounces::classify(&std::fs::read(file)?) {
            Ok(verdict) => writeln!(out, "{name}\t{}", serde_json::to_string(&verdict)?)?,
            Err(reason) => writeln!(out, "{name}\t{reason}")?,
        }
    }
    Ok(())
}
