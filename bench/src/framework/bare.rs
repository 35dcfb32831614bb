//! The loop by hand: same client, channels, prefetch and calls to serde.

use std::sync::Arc;

use anyhow::Context as _;
use leveret_client::{Connection, ConsumeOptions};
use tokio::task::JoinSet;

use super::progress::{Order, Progress};
use super::queue::QUEUE;
use crate::client::Sample;

pub(super) async fn consume(
    url: &str,
    workers: usize,
    progress: Arc<Progress>,
) -> anyhow::Result<Sample> {
    let connection = Connection::open(url).await?;
    let mut loops = JoinSet::new();
    for _ in 0..workers {
        let (connection, progress) = (connection.clone(), progress.clone());
        loops.spawn(async move { work(&connection, &progress).await });
    }
    let sample = tokio::select! {
        sample = progress.over() => sample.context("no warm-up")?,
        Some(ended) = loops.join_next() => return Err(ended?.err().context("a loop ended")?),
    };
    loops.shutdown().await;
    Ok(sample)
}

async fn work(connection: &Connection, progress: &Progress) -> anyhow::Result<()> {
    let channel = connection.channel().await?;
    channel.qos(1).await?;
    let mut consumer = channel.consume(QUEUE, ConsumeOptions::default()).await?;
    while let Some(delivery) = consumer.recv().await {
        let order: Order = serde_json::from_slice(&delivery.body)?;
        progress.note(order);
        channel.ack(&delivery)?;
    }
    Ok(())
}
