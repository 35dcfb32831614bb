//! The same messages handled by the framework: time limit and metrics on.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use leveret::{App, Handler, Json};

use super::progress::{Order, Progress};
use super::queue::QUEUE;
use crate::client::Sample;

pub(super) async fn consume(
    url: &str,
    workers: usize,
    progress: Arc<Progress>,
) -> anyhow::Result<Sample> {
    let noting = progress.clone();
    let handle = move |Json(order): Json<Order>| {
        noting.note(order);
        ready(())
    };
    let handler = Handler::new(QUEUE.to_string(), handle)
        .named("bench")
        .confirmed()
        .concurrency(workers)
        .time_limit(Duration::from_secs(30));
    let running = App::new("bench").connect(url).handler(handler).start().await?;
    let sample = progress.over().await.context("no warm-up")?;
    running.shutdown().await?;
    Ok(sample)
}
