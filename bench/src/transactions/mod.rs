//! Transaction mode: each message gives one result, durably.

mod cpu;
mod embedded;
mod peer;
mod preparation;
mod report;
mod sample;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use self::report::Report;
use crate::disk;
pub(crate) use embedded::{WARM_UP, handled, handler, measured, prepare};
pub(crate) use preparation::{BODY, INPUT, OUTPUT, clear, fill};
pub(crate) use sample::Sample;

/// Transaction mode: each message of 200 bytes gives one result of 200 bytes, durably.
#[derive(Debug, Args)]
pub(crate) struct TransactionsArgs {
    /// How many workers, one row each.
    #[arg(long, value_delimiter = ',', default_value = "1,10,100,1000")]
    workers: Vec<usize>,
    /// How many runs; the tables show medians.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// How long one run is to take, about.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// A `RabbitMQ` to run a hand-written transaction loop on, as a peer.
    #[arg(long, value_name = "URL")]
    rabbitmq: Option<String>,
    /// Where the data directories are made; on the disk to be measured.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

pub(crate) fn run(args: &TransactionsArgs) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.folder).with_context(|| args.folder.display().to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(args))
}

async fn measure(args: &TransactionsArgs) -> anyhow::Result<()> {
    let mut report = Report::default();
    for run in 1..=args.runs {
        report.sync(disk::Syncs::measure(&args.folder)?.p50);
        for &workers in &args.workers {
            let sample = embedded::measure(&args.folder, workers, args.seconds).await?;
            println!("run {run}: embedded, {workers} workers: {sample}");
            report.row(format!("embedded, {workers} workers"), Some(workers), sample);
        }
        if let Some(url) = &args.rabbitmq {
            for loops in [1, 10] {
                let sample = peer::measure(url, loops, args.seconds).await?;
                println!("run {run}: RabbitMQ, {loops} loops: {sample}");
                report.row(format!("RabbitMQ, hand-written, {loops} loops"), None, sample);
            }
        }
        report.sync(disk::Syncs::measure(&args.folder)?.p50);
    }
    println!("\n{report}");
    Ok(())
}
