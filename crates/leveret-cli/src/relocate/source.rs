//! The messages of a queue, batch by batch, taken or only looked at.

use std::time::Duration;

use leveret_client::{
    AckMode, Channel, Connection, Consumer, ConsumerEnd, Delivery, QueueDeclare, ShortStr,
};
use tokio::time::timeout;

use super::failure::{MoveFailure, Progress};
use crate::messages::{Failure, looking};

/// Messages that are on their way at a time.
pub(super) const BATCH: u16 = 256;

/// Messages of a queue that a copy looks at.
const COPY_MAX: u64 = 100_000;

/// How long nothing has to come until the queue is asked whether something waits.
const QUIET: Duration = Duration::from_millis(200);

/// How often in a row something waits and nothing comes.
const SILENCES_MAX: u32 = 50;

/// Where messages come from.
pub(super) struct Source {
    pub(super) connection: Connection,
    /// For questions, apart from what is taken.
    pub(super) asking: Channel,
    pub(super) queue: ShortStr,
    pub(super) way: Way,
}

/// How they are had.
pub(super) enum Way {
    /// Delivered, and settled when they are moved.
    Taken(Consumer),
    /// Looked at in pages, from this offset on.
    Looked(u64),
    /// Taken and never settled, so many; they go back when the channel closes.
    Held { channel: Channel, left: u64, held: u64 },
}

impl Source {
    /// How many messages are ready.
    pub(super) async fn ready(&self) -> Result<u32, MoveFailure> {
        let name = self.queue.clone();
        let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        Ok(self.asking.queue_declare(&passive).await?.messages)
    }

    /// The next messages, so many at most; none when nothing waits.
    pub(super) async fn batch(
        &mut self,
        limit: usize,
        progress: Progress,
    ) -> Result<Vec<Delivery>, MoveFailure> {
        match &mut self.way {
            Way::Taken(_) => self.taken(limit, progress).await,
            Way::Looked(offset) => {
                if *offset >= COPY_MAX {
                    return Err(MoveFailure::TooMany(progress));
                }
                let options = looking(*offset, limit as u64);
                let mut consumer = self.asking.consume(self.queue.clone(), options).await?;
                let mut batch = Vec::new();
                while let Some(delivery) = consumer.recv().await {
                    batch.push(delivery);
                }
                *offset += batch.len() as u64;
                match consumer.end() {
                    None | Some(ConsumerEnd::CancelledByBroker) => Ok(batch),
                    Some(end) => Err(Failure::Ended(end).into()),
                }
            }
            Way::Held { channel, left, held } => {
                let mut batch = Vec::new();
                while batch.len() < limit && *left > 0 {
                    if *held >= COPY_MAX {
                        return Err(MoveFailure::TooMany(progress));
                    }
                    let got = channel.get(self.queue.clone(), AckMode::Manual).await?;
                    let Some(got) = got else { break };
                    (*left, *held) = (*left - 1, *held + 1);
                    batch.push(got.delivery);
                }
                Ok(batch)
            }
        }
    }

    async fn taken(
        &mut self,
        limit: usize,
        progress: Progress,
    ) -> Result<Vec<Delivery>, MoveFailure> {
        let mut silences = 0;
        loop {
            let Way::Taken(consumer) = &mut self.way else { return Ok(Vec::new()) };
            match timeout(QUIET, consumer.recv()).await {
                Ok(Some(first)) => {
                    let mut batch = vec![first];
                    while batch.len() < limit {
                        let Some(delivery) = consumer.try_recv() else { break };
                        batch.push(delivery);
                    }
                    return Ok(batch);
                }
                Ok(None) => {
                    let end = consumer.end().unwrap_or(ConsumerEnd::CancelledByBroker);
                    let source = Box::new(Failure::Ended(end));
                    return Err(MoveFailure::Cut { source, progress });
                }
                Err(_) => {}
            }
            let left = self.ready().await?;
            if left == 0 {
                return Ok(Vec::new());
            }
            silences += 1;
            if silences == SILENCES_MAX {
                let queue = self.queue.to_string_lossy().into_owned();
                let progress = Progress { unsure: 0, ..progress };
                return Err(MoveFailure::Silent { queue, left, progress });
            }
        }
    }
}
