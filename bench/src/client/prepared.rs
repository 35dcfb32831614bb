//! What a row needs on a broker: its queue, filled where it is consumed from.

use leveret_client::{Connection, Publish, QueueDeclare, QueueDelete, ShortStr};

use super::{
    names::{CALLS, QUEUE, RESULTS},
    row::{BODY_BYTES, Work},
};

/// Publishes whose confirms are awaited together.
const BATCH: u64 = 1000;

/// The queues of one run.
#[derive(Debug)]
pub(super) struct Prepared {
    connection: Connection,
}

impl Prepared {
    /// Declares the queues, empty but for what is to be consumed.
    pub(super) async fn new(url: &str, work: Work, messages: u64) -> anyhow::Result<Self> {
        let prepared = Self { connection: Connection::open(url).await? };
        prepared.clear_queues().await?;
        let channel = prepared.connection.channel().await?;
        for name in [QUEUE, RESULTS, CALLS].map(ShortStr::from_static) {
            channel.queue_declare(&QueueDeclare { name, ..QueueDeclare::default() }).await?;
        }
        if matches!(work, Work::Consume { .. } | Work::Transact) {
            prepared.fill(messages).await?;
        }
        Ok(prepared)
    }

    async fn fill(&self, messages: u64) -> anyhow::Result<()> {
        let channel = self.connection.channel().await?;
        channel.confirm_select().await?;
        let publish = Publish {
            routing_key: ShortStr::from_static(QUEUE),
            body: vec![b'x'; BODY_BYTES].into(),
            ..Publish::default()
        };
        let mut left = messages;
        while left > 0 {
            let batch = left.min(BATCH);
            let mut last = None;
            for _ in 0..batch {
                last = Some(channel.publish(publish.clone()).await?);
            }
            if let Some(last) = last {
                last.await?;
            }
            left -= batch;
        }
        Ok(())
    }

    /// Removes what was made.
    pub(super) async fn clear(self) -> anyhow::Result<()> {
        self.clear_queues().await?;
        self.connection.close().await;
        Ok(())
    }

    async fn clear_queues(&self) -> anyhow::Result<()> {
        let channel = self.connection.channel().await?;
        for name in [QUEUE, RESULTS, CALLS].map(ShortStr::from_static) {
            channel.queue_delete(&QueueDelete { name, ..QueueDelete::default() }).await?;
        }
        Ok(())
    }
}
