//! A broker within the program, and a client that reaches it without a socket.
//!
//! `cargo run -p leveret-broker --example in_process`
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use leveret_broker::Broker;
use leveret_client::{ConnectOptions, Connection, ConsumeOptions, Publish, QueueDeclare, ShortStr};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // No address: the only way in is `Broker::connect`.
    let broker = Broker::builder().in_memory().start().await?;
    // Each call is a connection of its own: a byte pipe that speaks AMQP as a socket does.
    let connection = Connection::over(broker.connect(), &ConnectOptions::default()).await?;
    let channel = connection.channel().await?;
    let jobs = ShortStr::from_static("jobs");
    channel.queue_declare(&QueueDeclare { name: jobs.clone(), ..QueueDeclare::default() }).await?;

    channel.confirm_select().await?;
    let publish = Publish { routing_key: jobs.clone(), body: "dig".into(), ..Publish::default() };
    channel.publish(publish).await?.await?;

    let mut consumer = channel.consume(jobs, ConsumeOptions::default()).await?;
    let delivery = consumer.recv().await.ok_or("the consumer has ended")?;
    println!("got {:?}", delivery.body);
    channel.ack(&delivery)?;

    connection.close().await;
    // Tells what failed, if anything did.
    broker.shutdown().await.map_or(Ok(()), |failure| Err(failure.into()))
}
