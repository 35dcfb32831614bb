//! Queues full of messages to begin with.

use std::collections::VecDeque;

use leveret_client::{
    Channel, Confirm, Connection, Properties, Publish, QueueDeclare, QueueDelete, ShortStr,
};

/// Where messages wait.
pub(crate) const INPUT: ShortStr = ShortStr::from_static("bench.in");

/// Where results go.
pub(crate) const OUTPUT: ShortStr = ShortStr::from_static("bench.out");

/// What a message and a result carry.
pub(crate) const BODY: [u8; 200] = [b'x'; 200];

/// How many publishes wait for their confirms at once.
const WINDOW: usize = 1_000;

/// One persistent message for a queue.
pub(crate) fn message(queue: ShortStr) -> Publish {
    Publish {
        routing_key: queue,
        properties: Properties::builder().persistent().build(),
        body: bytes::Bytes::from_static(&BODY),
        ..Publish::default()
    }
}

/// The same with an id, by which an inbox knows it; results have theirs from it.
fn identified(number: u64) -> anyhow::Result<Publish> {
    let mut publish = message(INPUT);
    let id = ShortStr::try_from(format!("bench-{number}"))?;
    publish.properties = publish.properties.to_builder().message_id(id).build();
    Ok(publish)
}

/// Declares both queues, empty and durable, and fills the first.
pub(crate) async fn fill(connection: &Connection, messages: u64) -> anyhow::Result<()> {
    let channel = connection.channel().await?;
    clear(&channel).await?;
    for name in [INPUT, OUTPUT] {
        channel.queue_declare(&QueueDeclare { name, ..QueueDeclare::default() }).await?;
    }
    channel.confirm_select().await?;
    let mut waiting: VecDeque<Confirm> = VecDeque::with_capacity(WINDOW);
    for number in 0..messages {
        if waiting.len() == WINDOW
            && let Some(confirm) = waiting.pop_front()
        {
            confirm.await?;
        }
        waiting.push_back(channel.publish(identified(number)?).await?);
    }
    for confirm in waiting {
        confirm.await?;
    }
    channel.close().await;
    Ok(())
}

/// Removes both queues.
pub(crate) async fn clear(channel: &Channel) -> anyhow::Result<()> {
    for name in [INPUT, OUTPUT] {
        channel.queue_delete(&QueueDelete { name, ..QueueDelete::default() }).await?;
    }
    Ok(())
}
