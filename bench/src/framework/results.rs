//! The predecessors' benchmark: 200 persistent bytes in, one result out, an ack.
//!
//! In a transaction, confirmed, or with inbox and outbox in a database.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use leveret::{App, Endpoint, Mode};
use leveret_client::Connection;

use super::args::FrameworkArgs;
use super::databases::{Run, on_postgres, on_sqlite};
use crate::transactions::{Sample, WARM_UP, clear, fill, handled, handler, prepare};

/// What one worker is taken to do a second at the most, to prepare enough messages.
const RATE_MAX: u64 = 6_000;

const WORKERS: [usize; 2] = [1, 10];

/// One kind of run.
#[derive(Debug, Clone, Copy)]
struct Row {
    place: Where,
    manner: Manner,
    workers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Ours,
    Peer,
}

#[derive(Debug, Clone, Copy)]
enum Manner {
    Broker(Mode),
    Sqlite,
    Postgres,
}

pub(super) fn measure(args: &FrameworkArgs) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.folder).with_context(|| args.folder.display().to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let places: &[Where] =
        if args.peer.is_some() { &[Where::Ours, Where::Peer] } else { &[Where::Ours] };
    let mut rows: Vec<(Row, Vec<Sample>)> = Vec::new();
    for &place in places {
        let modes = [Mode::Transaction, Mode::Confirmed].map(Manner::Broker);
        let databases =
            [Manner::Sqlite].into_iter().chain(args.postgres.as_ref().map(|_| Manner::Postgres));
        for manner in modes.into_iter().chain(databases) {
            rows.extend(WORKERS.map(|workers| (Row { place, manner, workers }, Vec::new())));
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
            let sample = handle(args, endpoint, row, messages).await?;
            clear(&connection.channel().await?).await?;
            connection.close().await;
            Ok(sample)
        }
        (Where::Ours | Where::Peer, _) => {
            let directory = tempfile::tempdir_in(&args.folder)?;
            prepare(directory.path(), messages).await?;
            let endpoint = Endpoint::Directory(directory.path().to_owned());
            handle(args, endpoint, row, messages).await
        }
    }
}

async fn handle(
    args: &FrameworkArgs,
    endpoint: Endpoint,
    row: Row,
    messages: u64,
) -> anyhow::Result<Sample> {
    let warm_up = WARM_UP * u64::try_from(row.workers)?;
    let time = Duration::from_secs(args.seconds);
    let run = Run { endpoint, workers: row.workers, messages: (warm_up, messages), time };
    match (row.manner, &args.postgres) {
        (Manner::Broker(mode), _) => {
            let handler = match mode {
                Mode::Transaction => handler(row.workers).transaction(),
                Mode::Confirmed => handler(row.workers).confirmed(),
            };
            let app = App::new("bench").connect(run.endpoint).handler(handler);
            handled(app, run.messages, run.time).await
        }
        (Manner::Postgres, Some(url)) => on_postgres(run, url).await,
        (Manner::Sqlite | Manner::Postgres, _) => {
            let folder = tempfile::tempdir_in(&args.folder)?;
            on_sqlite(run, folder.path()).await
        }
    }
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
        let manner = match self.manner {
            Manner::Broker(Mode::Transaction) => "transaction",
            Manner::Broker(Mode::Confirmed) => "confirmed",
            Manner::Sqlite => "SQLite",
            Manner::Postgres => "PostgreSQL",
        };
        f.pad(&format!("{broker}, {manner}, workers: {}", self.workers))
    }
}
