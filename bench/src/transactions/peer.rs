//! A transaction loop written by hand with the client, without a framework.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use leveret_client::{Connection, ConsumeOptions};
use tokio::task::JoinSet;

use super::cpu;
use super::preparation::{INPUT, OUTPUT, clear, fill, message};
use super::sample::Sample;

/// What one loop is taken to do a second at the most, to prepare enough messages.
const RATE_MAX: u64 = 4_000;

/// One run of so many loops, each with a channel of its own, against the broker at `url`.
pub(crate) async fn measure(url: &str, loops: u64, seconds: u64) -> anyhow::Result<Sample> {
    let connection = Connection::open(url).await?;
    fill(&connection, RATE_MAX * seconds * loops.min(4)).await?;
    let handled = Arc::new(AtomicU64::new(0));
    let (start, cpu_before) = (Instant::now(), cpu::used()?);
    let mut tasks = JoinSet::new();
    for _ in 0..loops {
        let (connection, handled) = (connection.clone(), handled.clone());
        let end = start + Duration::from_secs(seconds);
        tasks.spawn(async move { work(&connection, &handled, end).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let sample = Sample {
        messages: handled.load(Ordering::Relaxed),
        time: start.elapsed(),
        cpu: cpu::used()?.saturating_sub(cpu_before),
    };
    clear(&connection.channel().await?).await?;
    connection.close().await;
    Ok(sample)
}

async fn work(connection: &Connection, handled: &AtomicU64, end: Instant) -> anyhow::Result<()> {
    let channel = connection.channel().await?;
    channel.qos(10).await?;
    let channel = channel.into_tx().await?;
    let mut consumer = channel.consume(INPUT, ConsumeOptions::default()).await?;
    while Instant::now() < end {
        let delivery = consumer.recv().await.context("the queue ran empty or the channel ended")?;
        channel.publish(message(OUTPUT)).await?;
        channel.ack(&delivery)?;
        drop(channel.commit().await?);
        handled.fetch_add(1, Ordering::Relaxed);
    }
    channel.close().await;
    Ok(())
}
