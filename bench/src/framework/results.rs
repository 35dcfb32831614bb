//! The predecessors' benchmark: 200 persistent bytes in, one result out, an ack.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use leveret::{App, Endpoint, Mode};
use leveret_client::Connection;

use super::args::FrameworkArgs;
use crate::transactions::{Sample, WARM_UP, clear, fill, handled, handler, prepare};

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
    let handler = handler(row.workers);
    let handler = match row.mode {
        Mode::Transaction => handler.transaction(),
        Mode::Confirmed => handler.confirmed(),
    };
    let app = App::new("bench").connect(endpoint).handler(handler);
    let warm_up = WARM_UP * u64::try_from(row.workers)?;
    handled(app, (warm_up, messages), Duration::from_secs(seconds)).await
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
