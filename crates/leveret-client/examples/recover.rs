//! Publishes and consumes on while its connections are cut, and shows it.
//!
//! `cargo run -p leveret-client --example recover`, with `AMQP_URL` or a broker on this machine.
#![expect(clippy::print_stdout, reason = "the reader is to see what happens")]

use std::error::Error;

use leveret_client::{
    Client, ClientOptions, ConnectOptions, Publish, PublisherOptions, QueueDeclare,
    SubscriptionOptions,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = ConnectOptions::from_env()?.unwrap_or_default();
    let options = ClientOptions { addresses: vec![address], ..ClientOptions::default() };
    let client = Client::connect(options).await?;
    let mut events = client.events();
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            println!("  {event:?}");
        }
    });

    // The broker names it, and it goes with its connection: on the next one it has another name.
    let queue = client.queue_declare(&QueueDeclare::private()).await?.name;
    let options = SubscriptionOptions { queue: queue.clone(), ..SubscriptionOptions::default() };
    let mut subscription = client.subscribe(options).await?;
    let publisher = client.publisher(PublisherOptions { republish: true, ..Default::default() });

    for number in 1..=3 {
        // The default exchange knows the queue by the name that it has now.
        let routing_key = client.current_name(&queue);
        let body = format!("number {number}").into();
        publisher.publish(Publish { routing_key, body, ..Publish::default() }).await?;
        let Some(delivery) = subscription.recv().await else { break };
        println!("received {:?}", delivery.body);
        println!("its settlement is {:?}", delivery.ack());

        println!("cutting both connections");
        client.consuming_connection().await?.close().await;
        client.publishing_connection().await?.close().await;
        // What is settled now is settled no more, and a publish waits for the next connection.
        println!("its settlement is {:?} now", delivery.ack());
        if !subscription.live().await {
            println!("the subscription is over: {:?}", subscription.end());
        }
    }
    println!("{:?}", client.stats());
    client.close().await;
    Ok(())
}
