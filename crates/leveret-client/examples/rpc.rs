//! A server and a client of it.
//!
//! `cargo run -p leveret-client --example rpc`, with a broker at `AMQP_URL` or on this machine.
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::{error::Error, time::Duration};

use leveret_client::{
    AckMode, Channel, Connection, ConsumeOptions, Delivery, EncodeError, Publish, QueueDeclare,
    RemoteError, RpcClient, RpcError, RpcOptions, ShortStr,
};

const QUEUE: ShortStr = ShortStr::from_static("leveret-example.square-roots");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let uri = std::env::var("AMQP_URL").unwrap_or_else(|_| "amqp://guest:guest@localhost".into());
    let connection = Connection::open(&uri).await?;
    let channel = connection.channel().await?;
    let declare = QueueDeclare { name: QUEUE, auto_delete: true, ..QueueDeclare::default() };
    channel.queue_declare(&declare).await?;
    let server = tokio::spawn(serve(channel));

    // One client for the whole program: its calls share a channel.
    let client = RpcClient::new(&connection, RpcOptions::default());
    for number in [2.0, 144.0, -1.0] {
        match client.call::<f64, f64>(QUEUE, &number).await {
            Ok(root) => println!("the square root of {number} is {root}"),
            Err(RpcError::Remote { error, .. }) => println!("{number}: {}", error.text),
            Err(error) => return Err(error.into()),
        }
    }
    let nobody = client.call::<f64, f64>("leveret-example.nobody", &2.0).await;
    println!("elsewhere: {}", nobody.map_or_else(|error| error.to_string(), |_| "?".to_owned()));

    client.drain(Duration::from_secs(5)).await?;
    connection.close().await;
    server.await??;
    Ok(())
}

async fn serve(channel: Channel) -> Result<(), Box<dyn Error + Send + Sync>> {
    // Requests are not kept for a server that is gone: nobody would wait for the answers.
    let options = ConsumeOptions { ack_mode: AckMode::NoAck, ..ConsumeOptions::default() };
    let mut requests = channel.consume(QUEUE, options).await?;
    while let Some(request) = requests.recv().await {
        if let Some(reply) = answer(&request)? {
            channel.publish_and_forget(reply).await?;
        }
    }
    Ok(())
}

fn answer(request: &Delivery) -> Result<Option<Publish>, EncodeError> {
    let Some(reply) = request.reply() else { return Ok(None) };
    let failed = |class: &str, text: String| RemoteError {
        class: class.to_owned(),
        text,
        is_transient: false,
    };
    Ok(Some(match request.decode::<f64>() {
        Ok(number) if number >= 0.0 => reply.encode(&number.sqrt())?,
        Ok(_) => reply.with_error(&failed("negative", "it has no square root".to_owned())),
        Err(error) => reply.with_error(&failed("undecodable", error.to_string())),
    }))
}
