//! Consumes a hundred messages, ten at a time, and acknowledges each.
//!
//! `cargo run -p leveret-client --example consume`, with `AMQP_URL` or a broker on this machine.
#![expect(clippy::print_stdout, reason = "the reader is to see what happens")]

use std::error::Error;

use leveret_client::{
    Channel, ConnectOptions, Connection, ConsumeOptions, Publish, QueueDeclare, Refusal, ShortStr,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = ConnectOptions::from_env()?.unwrap_or_default();
    let connection = Connection::connect(&options).await?;
    let channel = connection.channel().await?;
    // A queue of this connection alone; the broker names it.
    let private = QueueDeclare { exclusive: true, ..QueueDeclare::default() };
    let queue = channel.queue_declare(&private).await?.name;
    fill(&channel, &queue).await?;

    // At most ten are here unsettled; the broker keeps the rest.
    channel.qos(10).await?;
    let mut consumer = channel.consume(queue, ConsumeOptions::default()).await?;
    let mut handled = 0;
    while handled < 100 {
        let Some(delivery) = consumer.recv().await else {
            // The queue was deleted, the channel closed, the connection lost: it says which.
            println!("no more messages: {:?}", consumer.end());
            break;
        };
        if delivery.body == "number 13" && !delivery.redelivered {
            // Back to the queue; it comes again, marked as redelivered.
            channel.nack(&delivery, Refusal::Requeue)?;
            continue;
        }
        channel.ack(&delivery)?;
        handled += 1;
    }
    println!("{handled} messages handled");
    consumer.cancel().await?;
    connection.close().await;
    Ok(())
}

async fn fill(channel: &Channel, queue: &ShortStr) -> Result<(), Box<dyn Error>> {
    channel.confirm_select().await?;
    for number in 0..100 {
        let body = format!("number {number}").into();
        let publish = Publish { routing_key: queue.clone(), body, ..Publish::default() };
        channel.publish_and_confirm(publish).await?;
    }
    Ok(())
}
