//! Who answers calls on a broker: our client, whoever calls.

use leveret_client::{AckMode, Connection, ConsumeOptions, Publish, ShortStr};

use super::names::CALLS;

/// Answers each call with its own body; says so when it is ready.
pub(super) async fn serve(url: &str) -> anyhow::Result<()> {
    let connection = Connection::open(url).await?;
    let channel = connection.channel().await?;
    let options = ConsumeOptions { ack_mode: AckMode::NoAck, ..ConsumeOptions::default() };
    let mut calls = channel.consume(ShortStr::from_static(CALLS), options).await?;
    println!("ready");
    while let Some(call) = calls.recv().await {
        let Some(reply) = call.reply() else { continue };
        let reply = Publish { mandatory: false, body: call.body, ..reply };
        channel.publish_and_forget(reply).await?;
    }
    Ok(())
}
