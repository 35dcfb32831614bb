//! The queue that is consumed from, and what is in it.

use std::collections::VecDeque;

use leveret_client::{Confirm, Connection, Properties, Publish, QueueDeclare, ShortStr};

use super::progress::ORDER;

/// Where the messages wait.
pub(super) const QUEUE: ShortStr = ShortStr::from_static("leveret-bench.framework");

/// How many publishes wait for their confirms at once.
const WINDOW: usize = 1_000;

/// As the framework publishes JSON, but transient: a disk is no part of this.
pub(super) async fn fill(url: &str, messages: u64) -> anyhow::Result<()> {
    let connection = Connection::open(url).await?;
    let channel = connection.channel().await?;
    channel.queue_declare(&QueueDeclare { name: QUEUE, ..QueueDeclare::default() }).await?;
    channel.confirm_select().await?;
    let mut waiting: VecDeque<Confirm> = VecDeque::with_capacity(WINDOW);
    for number in 0..messages {
        if waiting.len() == WINDOW
            && let Some(confirm) = waiting.pop_front()
        {
            confirm.await?;
        }
        let properties = Properties::builder()
            .content_type(ShortStr::from_static("application/json"))
            .message_id(ShortStr::try_from(format!("order-{number}"))?)
            .timestamp(1_790_000_000)
            .build();
        let body = bytes::Bytes::from_static(ORDER);
        let publish = Publish { routing_key: QUEUE, properties, body, ..Publish::default() };
        waiting.push_back(channel.publish(publish).await?);
    }
    for confirm in waiting {
        confirm.await?;
    }
    connection.close().await;
    Ok(())
}
