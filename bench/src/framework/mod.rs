//! What the framework costs beside a loop by hand; the predecessors' benchmark.

mod args;
mod bare;
mod databases;
mod driver;
mod handled;
mod overhead;
mod progress;
mod queue;
mod results;

use clap::Subcommand;

pub(crate) use args::FrameworkArgs;

/// Parts of a run, each a process.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// A broker in memory that prints where it is
    #[command(name = "framework-broker", hide = true)]
    Broker,
    /// A consumer that prints what it cost
    #[command(name = "framework-driver", hide = true)]
    Driver(driver::DriverArgs),
}

pub(crate) fn run(args: &FrameworkArgs) -> anyhow::Result<()> {
    overhead::measure(args)?;
    if args.seconds > 0 {
        results::measure(args)?;
    }
    Ok(())
}

pub(crate) fn play(part: &Part) -> anyhow::Result<()> {
    match part {
        Part::Broker => driver::serve(),
        Part::Driver(args) => driver::run(args),
    }
}
