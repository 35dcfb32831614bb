//! A broker that keeps its messages in a directory, over a restart.
//!
//! `cargo run -p leveret-broker --example on_disk`
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::path::Path;

use leveret_broker::Broker;
use leveret_client::{
    AckMode, Channel, ConnectOptions, Connection, Properties, Publish, QueueDeclare, ShortStr,
};

const QUEUE: ShortStr = ShortStr::from_static("letters");

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    write(directory.path()).await?;
    read(directory.path()).await
}

async fn channel(broker: &Broker) -> Result<(Connection, Channel), Box<dyn std::error::Error>> {
    let connection = Connection::over(broker.connect(), &ConnectOptions::default()).await?;
    let channel = connection.channel().await?;
    Ok((connection, channel))
}

async fn write(directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let broker = Broker::builder().data_dir(directory).start().await?;
    let (connection, channel) = channel(&broker).await?;
    let durable = QueueDeclare { name: QUEUE, durable: true, ..QueueDeclare::default() };
    channel.queue_declare(&durable).await?;
    channel.confirm_select().await?;
    let letter = Publish {
        routing_key: QUEUE,
        properties: Properties::builder().persistent().build(),
        body: "the field is covered with blood".into(),
        ..Publish::default()
    };
    // The confirm comes when the message is on disk, and not before.
    channel.publish(letter).await?.await?;
    connection.close().await;
    broker.shutdown().await;
    Ok(())
}

async fn read(directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // What was kept is back before `start` returns.
    let broker = Broker::builder().data_dir(directory).start().await?;
    println!("{} records came back", broker.recovered().records);
    let (connection, channel) = channel(&broker).await?;
    let letter = channel.get(QUEUE, AckMode::Manual).await?.ok_or("the letter is lost")?;
    println!("{:?}", letter.delivery.body);
    channel.ack(&letter.delivery)?;
    connection.close().await;
    broker.shutdown().await;
    Ok(())
}
