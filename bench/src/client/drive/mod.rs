//! A client that does one row's work.

#[cfg(feature = "peers")]
mod amqprs;
#[cfg(feature = "peers")]
mod lapin;
mod leveret;

use anyhow::Context as _;
#[cfg(not(feature = "peers"))]
use anyhow::bail;
use clap::Args;

use super::{
    contender::Contender,
    job::Job,
    pingpong,
    row::{Row, Work},
    runtime::runtime,
    sample::Sample,
};

/// One run of one client.
#[derive(Debug, Args)]
pub(crate) struct DriverArgs {
    #[arg(long)]
    client: Contender,
    #[arg(long)]
    row: String,
    #[arg(long)]
    url: String,
    #[arg(long)]
    messages: u64,
    #[arg(long)]
    threads: usize,
}

pub(super) fn run(args: &DriverArgs) -> anyhow::Result<()> {
    let row = Row::named(&args.row).context("no such row")?;
    let job = Job { url: args.url.clone(), work: row.work, messages: args.messages };
    let client = args.client;
    // In a task, as programs do their work: beside `block_on`, each wake-up would change threads.
    let sample = runtime(args.threads)?
        .block_on(async move { tokio::spawn(drive(client, job)).await })??;
    println!("{}", serde_json::to_string(&sample)?);
    Ok(())
}

async fn drive(client: Contender, job: Job) -> anyhow::Result<Sample> {
    if job.work == Work::PingPong {
        return pingpong::measure(&job.url, job.messages).await;
    }
    match client {
        Contender::Leveret => leveret::drive(&job).await,
        #[cfg(feature = "peers")]
        Contender::Lapin => lapin::drive(&job, lapin::Style::Awaited).await,
        #[cfg(feature = "peers")]
        Contender::LapinPipelined => lapin::drive(&job, lapin::Style::Pipelined).await,
        #[cfg(feature = "peers")]
        Contender::Amqprs => amqprs::drive(&job).await,
        #[cfg(not(feature = "peers"))]
        Contender::Lapin | Contender::LapinPipelined | Contender::Amqprs => {
            bail!("built without `--features peers`")
        }
    }
}
