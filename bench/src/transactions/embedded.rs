//! The framework in transaction mode on the broker inside the program.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use leveret::{App, Handler, Publish, Stats};
use leveret_broker::Broker;
use leveret_client::{ConnectOptions, Connection};

use super::cpu;
use super::preparation::{BODY, INPUT, OUTPUT, fill};
use super::sample::Sample;

/// Handled before the clock starts, per worker.
pub(crate) const WARM_UP: u64 = 20;

/// More than this many messages are not prepared for one run.
const MESSAGES_MAX: u64 = 300_000;

/// One run: a fresh data directory, its queue filled, then handled to the end.
pub(crate) async fn measure(folder: &Path, workers: usize, seconds: u64) -> anyhow::Result<Sample> {
    let directory = tempfile::tempdir_in(folder)?;
    let workers = u64::try_from(workers)?;
    let warm_up = WARM_UP * workers;
    // One commit a worker and sync takes 0.1 ms at the least.
    let messages = (seconds * 8_000 * workers.min(30)).min(MESSAGES_MAX) + warm_up;
    prepare(directory.path(), messages).await?;

    let handler = handler(usize::try_from(workers)?);
    let app = App::new("bench").data_dir(directory.path()).handler(handler);
    // A slow disk ends the run earlier, not the measurement.
    handled(app, (warm_up, messages), Duration::from_secs(seconds * 4)).await
}

/// The handler that is measured: one result for each message.
pub(crate) fn handler(workers: usize) -> Handler {
    Handler::new(INPUT.to_string(), answer).concurrency(workers).named("bench")
}

/// Runs an application with that handler: the clock goes from the first count of messages to the
/// second, or until the time is over.
pub(crate) async fn handled(
    app: App,
    (warm_up, messages): (u64, u64),
    end: Duration,
) -> anyhow::Result<Sample> {
    measured(app, |stats| stats.handler("bench").handled, (warm_up, messages), end).await
}

/// The same, with the messages counted by `done`.
pub(crate) async fn measured(
    app: App,
    done: impl Fn(&Stats) -> u64,
    (warm_up, messages): (u64, u64),
    end: Duration,
) -> anyhow::Result<Sample> {
    let running = app.start().await?;
    running.wait_until(|stats| done(stats) >= warm_up).await;
    let (before, start, cpu_before) = (done(&running.stats()), Instant::now(), cpu::used()?);
    let all = running.wait_until(|stats| done(stats) >= messages);
    tokio::time::timeout(end, all).await.ok();
    let sample = Sample {
        messages: done(&running.stats()) - before,
        time: start.elapsed(),
        cpu: cpu::used()?.saturating_sub(cpu_before),
    };
    running.shutdown().await?;
    Ok(sample)
}

async fn answer(_body: Bytes) -> Publish {
    Publish::to_queue(OUTPUT.to_string()).bytes(Bytes::from_static(&BODY))
}

/// The application keeps the broker's data in the folder `broker` of its own.
pub(crate) async fn prepare(directory: &Path, messages: u64) -> anyhow::Result<()> {
    let broker = Broker::builder().data_dir(directory.join("broker")).start().await?;
    let connection = Connection::over(broker.connect(), &ConnectOptions::default()).await?;
    fill(&connection, messages).await?;
    connection.close().await;
    broker.shutdown().await;
    Ok(())
}
