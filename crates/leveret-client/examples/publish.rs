//! Publishes a few messages and waits until the broker has them.
//!
//! `cargo run -p leveret-client --example publish`, with `AMQP_URL` or a broker on this machine.
#![expect(clippy::print_stdout, reason = "the reader is to see what happens")]

use std::error::Error;

use leveret_client::{
    ConnectOptions, Connection, Properties, Publish, PublishError, QueueDeclare, QueueDelete,
    ShortStr,
};

const QUEUE: ShortStr = ShortStr::from_static("leveret.example.publish");
const TEXT: ShortStr = ShortStr::from_static("text/plain");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = ConnectOptions::from_env()?.unwrap_or_default();
    let connection = Connection::connect(&options).await?;
    let channel = connection.channel().await?;
    channel.queue_declare(&QueueDeclare { name: QUEUE, ..QueueDeclare::default() }).await?;
    channel.confirm_select().await?;

    // One call: it is done when the broker has taken the message over and a queue has it.
    channel.publish_and_confirm(message("one by one")).await?;

    // Many: send them all, then wait for their confirms.
    let mut confirms = Vec::new();
    for number in 0..1_000 {
        confirms.push(channel.publish(message(&format!("number {number}"))).await?);
    }
    for confirm in confirms {
        confirm.await?;
    }
    println!("1001 messages are with {}", options.authority());

    // What no queue takes comes back as the error of the very publish.
    let nowhere = Publish { routing_key: ShortStr::from_static("nowhere"), ..message("lost") };
    match channel.publish_and_confirm(nowhere).await {
        Err(PublishError::Unroutable { code, text, returned }) => {
            println!("came back: {code} {text}, {} bytes", returned.body.len());
        }
        other => println!("unexpected: {other:?}"),
    }

    let delete = QueueDelete { name: QUEUE, ..QueueDelete::default() };
    println!("{} messages deleted again", channel.queue_delete(&delete).await?);
    connection.close().await;
    Ok(())
}

fn message(text: &str) -> Publish {
    Publish {
        routing_key: QUEUE,
        properties: Properties::builder().persistent().content_type(TEXT).build(),
        body: text.to_owned().into(),
        ..Publish::default()
    }
}
