//! Words of the routing key, taken by the names that the binding gives them.
//!
//! `cargo run -p leveret --example captures`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use leveret::{App, Captures, Handler, Publish, handler};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Region {
    Eu,
    Us,
}

#[derive(Debug, Deserialize)]
struct Order {
    region: Region,
    id: u64,
}

// Bound as `orders.*.created.*`.
#[handler(queue = "orders", exchange = "shop", key = "orders.{region}.created.{id}")]
async fn created(Captures(order): Captures<Order>) {
    println!("order {} in {:?}", order.id, order.region);
}

// Bound as `#.failed`: all words before the last, however many.
#[handler(queue = "failures", exchange = "shop", key = "{what..}.failed")]
async fn failed(Captures(what): Captures<String>) {
    println!("failed: {what}");
}

async fn typo(_: Captures<Order>) {}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wrong = Handler::new("orders", typo).bind("shop", "orders.{regoin}.created.{id}");
    if let Err(error) = App::new("shop").in_memory().handler(wrong).start().await {
        println!("refused: {error}");
    }

    let app = App::new("shop").in_memory();
    let running = app.handler(created::handler()).handler(failed::handler()).start().await?;
    for key in ["orders.eu.created.7", "orders.us.created.8", "mail.out.failed", "failed"] {
        running.publisher().publish(Publish::new("shop", key)).await?;
    }
    running.wait_until(|stats| stats.handler("created").handled == 2).await;
    running.wait_until(|stats| stats.handler("failed").handled == 2).await;
    running.shutdown().await?;
    Ok(())
}
