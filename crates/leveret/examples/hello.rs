//! The first handler: a queue, an exchange, a function.
//!
//! `cargo run -p leveret --example hello`

#![expect(
    clippy::print_stdout,
    clippy::panic_in_result_fn,
    reason = "an example shows what happens, and asserts it"
)]

use leveret::{App, Publish, Text, handler};

#[handler(queue = "greetings", exchange = "people", key = "person.arrived")]
async fn greet(Text(name): Text) {
    println!("Hello, {name}!");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The broker runs inside the program; `.connect("amqp://…")` uses one elsewhere.
    let running = App::new("hello").in_memory().handler(greet::handler()).start().await?;
    let arrived = Publish::new("people", "person.arrived").text("Ann");
    // When this returns, the message is safe with the broker.
    running.publisher().publish(arrived).await?;
    running.wait_until(|stats| stats.handler("greet").handled == 1).await;
    assert_eq!(running.stats().handler("greet").dead_lettered, 0);
    running.shutdown().await?;
    Ok(())
}
