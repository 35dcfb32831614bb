//! The predecessors' benchmark: 200 persistent bytes in, one result out, an ack.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use leveret::{App, Endpoint, Handler, Mode, Publish};
use leveret_broker::Broker;
use leveret_client::{ConnectOptions, Connection};

use super::args::FrameworkArgs;
use crate::transactions::{BODY, INPUT, OUTPUT, Sample, clear, cpu_used, fill};

/// Handled before the clock starts, per worker.
const WARM_UP: u64 = 20;

/// What one worker is taken to do a second at the most, to prepare enough messages.
const RATE_MAX: u64 = 6_000;

const WORKERS: [usize; 2] = [1, 10];

/// One kind of run.
#[derive(Debug, Clone, Copy)]
struct Row {
    place: Where,
    mode: Mode,
    workers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Ours,
    Peer,
}

pub(super) fn measure(args: &FrameworkArgs) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.folder).with_context(|| args.folder.display().to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let places: &[Where] =
        if args.peer.is_some() { &[Where::Ours, Where::Peer] } else { &[Where::Ours] };
    let mut rows: Vec<(Row, Vec<Sample>)> = Vec::new();
    for &place in places {
        for mode in [Mode::Transaction, Mode::Confirmed] {
            rows.extend(WORKERS.map(|workers| (Row { place, mode, workers }, Vec::new())));
        }
    }
    for run in 1..=args.runs {
        for (row, samples) in &mut rows {
            let sample = runtime.block_on(one(args, *row))?;
            println!("run {run}: {row}: {sample}");
            samples.push(sample);
        }
    }
    println!("\nmedians of {} runs; ours is in the program, so its CPU is counted too", args.runs);
    for (row, samples) in &rows {
        let (rate, micros) = (median(samples, Sample::rate), median(samples, Sample::cpu_micros));
        println!("{row:50} {rate:8.0} messages/s {micros:8.1} us CPU a message");
    }
    Ok(())
}

async fn one(args: &FrameworkArgs, row: Row) -> anyhow::Result<Sample> {
    let workers = u64::try_from(row.workers)?;
    let messages = RATE_MAX * args.seconds * workers.min(4) + WARM_UP * workers;
    match (row.place, &args.peer) {
        (Where::Peer, Some(url)) => {
            let connection = Connection::open(url).await?;
            fill(&connection, messages).await?;
            let endpoint = Endpoint::from(url.as_str());
            let sample = handle(endpoint, row, messages, args.seconds).await?;
            clear(&connection.channel().await?).await?;
            connection.close().await;
            Ok(sample)
        }
        (Where::Ours | Where::Peer, _) => {
            let directory = tempfile::tempdir_in(&args.folder)?;
            prepare(directory.path(), messages).await?;
            let endpoint = Endpoint::Directory(directory.path().to_owned());
            handle(endpoint, row, messages, args.seconds).await
        }
    }
}

async fn handle(
    endpoint: Endpoint,
    row: Row,
    messages: u64,
    seconds: u64,
) -> anyhow::Result<Sample> {
    let handler = Handler::new(INPUT.to_string(), answer).named("bench").concurrency(row.workers);
    let handler = match row.mode {
        Mode::Transaction => handler.transaction(),
        Mode::Confirmed => handler.confirmed(),
    };
    let running = App::new("bench").connect(endpoint).handler(handler).start().await?;
    let warm_up = WARM_UP * u64::try_from(row.workers)?;
    running.wait_until(|stats| stats.handler("bench").handled >= warm_up).await;
    let done = || running.stats().handler("bench").handled;
    let (before, start, cpu_before) = (done(), Instant::now(), cpu_used()?);
    let all = running.wait_until(|stats| stats.handler("bench").handled >= messages);
    tokio::time::timeout(Duration::from_secs(seconds), all).await.ok();
    let sample = Sample {
        messages: done() - before,
        time: start.elapsed(),
        cpu: cpu_used()?.saturating_sub(cpu_before),
    };
    running.shutdown().await?;
    Ok(sample)
}

async fn answer(_body: Bytes) -> Publish {
    Publish::to_queue(OUTPUT.to_string()).bytes(Bytes::from_static(&BODY))
}

/// The application keeps the broker's data in the folder `broker` of its own.
async fn prepare(directory: &Path, messages: u64) -> anyhow::Result<()> {
    let broker = Broker::builder().data_dir(directory.join("broker")).start().await?;
    let connection = Connection::over(broker.connect(), &ConnectOptions::default()).await?;
    fill(&connection, messages).await?;
    connection.close().await;
    broker.shutdown().await;
    Ok(())
}

fn median(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broker = match self.place {
            Where::Ours => "our broker",
            Where::Peer => "the peer",
        };
        let mode = match self.mode {
            Mode::Transaction => "transaction",
            Mode::Confirmed => "confirmed",
        };
        f.pad(&format!("{broker}, {mode}, workers: {}", self.workers))
    }
}
