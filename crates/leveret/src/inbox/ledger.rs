//! Brings handled ids from the ledger queue into the store, in batches.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use leveret_client::{
    Channel, ChannelError, ConsumeOptions, Consumer, Delivery, Publish, QueueDeclare,
};
use leveret_protocol::{Properties, ShortStr};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use tracing::{error, info, warn};

use super::register::Inbox;
use super::store::StoreError;
use crate::link::{BackOff, Generation, Link};
use crate::phase::{Phase, PhaseListener};

/// How many ids are written to the disk at a time.
const BATCH_MAX: u16 = 10_000;

/// How long ids wait for others to share a write with: the disk is the broker's, too.
const BATCH_PAUSE: Duration = Duration::from_millis(250);

/// The ledger of one connection.
pub(crate) struct Ledger {
    pub(crate) link: Link,
    pub(crate) queue: ShortStr,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) phase: PhaseListener,
    /// The newest generation whose ledger was drained once.
    pub(crate) drained: watch::Sender<u64>,
    pub(crate) failed: mpsc::Sender<StoreError>,
}

/// The name of an application's ledger.
pub(crate) fn ledger_queue(app: &str) -> ShortStr {
    ShortStr::truncated(&format!("{app}.inbox"))
}

/// The message that says an id was handled.
pub(crate) fn ledger_entry(queue: &ShortStr, key: &[u8]) -> Publish {
    Publish {
        routing_key: queue.clone(),
        properties: Properties::builder().persistent().build(),
        body: Bytes::copy_from_slice(key),
        ..Publish::default()
    }
}

enum LedgerEnd {
    Channel(ChannelError),
    Store(StoreError),
    /// The consumer ended, and the channel with it or for it.
    Consumer,
}

impl From<ChannelError> for LedgerEnd {
    fn from(error: ChannelError) -> Self {
        Self::Channel(error)
    }
}

impl Ledger {
    pub(crate) async fn run(mut self) {
        let mut phase = self.phase.clone();
        tokio::select! {
            () = phase.reached(Phase::Stopped) => {}
            () = self.serve_all() => {}
        }
    }

    async fn serve_all(&mut self) {
        let mut last = 0;
        let mut back_off = BackOff::new();
        while let Some(generation) = self.link.newer_than(last).await {
            last = generation.number;
            match self.serve(&generation).await {
                LedgerEnd::Store(error) => {
                    error!(%error, "inbox store failed");
                    self.failed.send(error).await.ok();
                    return;
                }
                LedgerEnd::Channel(error) => warn!(%error, "inbox ledger interrupted"),
                LedgerEnd::Consumer => warn!("inbox ledger interrupted"),
            }
            if generation.connection.end().is_none() {
                back_off.pause().await;
                last -= 1;
            }
        }
    }

    /// Works on one generation for as long as that goes.
    async fn serve(&self, generation: &Generation) -> LedgerEnd {
        match self.consume(generation).await {
            Ok((channel, consumer, waiting)) => {
                self.drain(generation.number, &channel, consumer, waiting).await
            }
            Err(error) => error.into(),
        }
    }

    async fn consume(
        &self,
        generation: &Generation,
    ) -> Result<(Channel, Consumer, u32), ChannelError> {
        let channel = generation.connection.channel().await?;
        channel.qos(BATCH_MAX).await?;
        let declare = QueueDeclare { name: self.queue.clone(), ..QueueDeclare::default() };
        let waiting = channel.queue_declare(&declare).await?.messages;
        let consumer = channel.consume(self.queue.clone(), ConsumeOptions::default()).await?;
        Ok((channel, consumer, waiting))
    }

    async fn drain(
        &self,
        generation: u64,
        channel: &Channel,
        mut consumer: Consumer,
        waiting: u32,
    ) -> LedgerEnd {
        let mut remaining = waiting as usize;
        if remaining > 0 {
            info!(ids = remaining, "draining the inbox ledger");
        }
        loop {
            if remaining == 0 {
                self.drained.send_replace(generation);
            }
            let pause = if remaining > 0 { Duration::ZERO } else { BATCH_PAUSE };
            let batch = next_batch(&mut consumer, pause).await;
            let Some(last) = batch.last() else { return LedgerEnd::Consumer };
            let keys: Vec<Vec<u8>> = batch.iter().map(|entry| entry.body.to_vec()).collect();
            self.inbox.settled(&keys).await;
            let inbox = self.inbox.clone();
            match spawn_blocking(move || inbox.write(&keys)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return LedgerEnd::Store(error),
                // The runtime shuts down.
                Err(_) => return LedgerEnd::Consumer,
            }
            if channel.ack_up_to(last).is_err() {
                return LedgerEnd::Consumer;
            }
            remaining = remaining.saturating_sub(batch.len());
        }
    }
}

/// What is there, and what comes within the pause; nothing at the end.
async fn next_batch(consumer: &mut Consumer, pause: Duration) -> Vec<Delivery> {
    let mut batch: Vec<Delivery> = consumer.recv().await.into_iter().collect();
    let deadline = Instant::now() + pause;
    while !batch.is_empty() && batch.len() < usize::from(BATCH_MAX) {
        if let Some(entry) = consumer.try_recv() {
            batch.push(entry);
            continue;
        }
        match timeout_at(deadline, consumer.recv()).await {
            Ok(Some(entry)) => batch.push(entry),
            Ok(None) | Err(_) => break,
        }
    }
    batch
}
