//! Who gets which message: topics, words of a routing key, several queues.
//!
//! `cargo run -p leveret --example routing`

#![expect(
    clippy::print_stdout,
    clippy::panic_in_result_fn,
    reason = "an example shows what happens, and asserts it"
)]

use leveret::{App, EncodeError, Json, Publish, RoutingKey, handler};

/// All orders of one region, whatever happened to them.
#[handler(queue = "europe", exchange = "shop", key = "order.eu.*")]
async fn europe(RoutingKey(key): RoutingKey) {
    println!("europe: {key}");
}

/// One event of all regions; an output for each message.
#[handler(queue = "created", exchange = "shop", key = "order.*.created", concurrency = 4)]
async fn created(
    RoutingKey(key): RoutingKey,
    Json(cents): Json<u64>,
) -> Result<Publish, EncodeError> {
    let region = key.split('.').nth(1).unwrap_or("nowhere");
    println!("created: {cents} cents in {region}");
    Publish::new("shop", format!("invoice.{region}")).json(&cents)
}

/// Everything that passes, orders and invoices.
#[handler(queue = "audit", exchange = "shop", key = "#")]
async fn audit(RoutingKey(key): RoutingKey) {
    println!("audit: {key}");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let running = App::new("shop")
        .in_memory()
        .handler(europe::handler())
        .handler(created::handler())
        .handler(audit::handler())
        .start()
        .await?;
    for key in ["order.eu.created", "order.eu.paid", "order.us.created", "order.us.paid"] {
        running.publisher().publish(Publish::new("shop", key).json(&1_999)?).await?;
    }
    // Four orders and two invoices.
    running.wait_until(|stats| stats.handler("audit").handled == 6).await;
    running.wait_until(|stats| stats.handler("europe").handled == 2).await;
    running.wait_until(|stats| stats.handler("created").handled == 2).await;
    assert_eq!(running.stats().handler("created").published, 2);
    running.shutdown().await?;
    Ok(())
}
