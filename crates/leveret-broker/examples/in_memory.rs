//! A broker for other programs that keeps nothing beyond its stop.
//!
//! `cargo run -p leveret-broker --example in_memory`
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use leveret_broker::{Broker, Secret, User};
use leveret_client::Connection;

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let broker = Broker::builder()
        .in_memory()
        .virtual_host("down")
        // The first user takes the place of `guest`.
        .user(User::new("hazel", Secret::new("clover")).virtual_hosts(["down"]))
        .listen("127.0.0.1:0".parse()?)
        .start()
        .await?;
    let address = broker.local_addrs().first().ok_or("no address")?;
    let uri = format!("amqp://hazel:clover@{address}/down");
    println!("any AMQP client may come to {uri}");

    let connection = Connection::open(&uri).await?;
    println!("{} connection", broker.connections());
    connection.close().await;
    broker.shutdown().await;
    Ok(())
}
