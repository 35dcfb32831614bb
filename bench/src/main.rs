//! Measures Leveret beside its peers, in one run.
//!
//! `cargo run --release -p leveret-bench -- --help` tells how.
//!
//! Rates depend on the machine and on its other tenants, so each table carries the cost of a bare
//! `fdatasync` of the same minute, medians of several runs, and CPU time per message.
#![expect(clippy::print_stdout, reason = "a command line talks to its user")]

mod cpu;
mod disk;
mod embedded;
mod peer;
mod preparation;
mod report;
mod sample;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;

use report::Report;

/// Transaction mode: each message of 200 bytes gives one result of 200 bytes, durably.
#[derive(Debug, Parser)]
struct Args {
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

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    std::fs::create_dir_all(&args.folder).with_context(|| args.folder.display().to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&args))
}

async fn run(args: &Args) -> anyhow::Result<()> {
    let mut report = Report::default();
    for run in 1..=args.runs {
        report.sync(disk::sync_p50(&args.folder)?);
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
        report.sync(disk::sync_p50(&args.folder)?);
    }
    println!("\n{report}");
    Ok(())
}
