//! A handler that stops while what it depends on is down, and begins again.
//!
//! `cargo run -p leveret --example kill_switch`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leveret::{App, Classify, Flow, Handler, KillSwitch, Publish, State, Text};

#[derive(Debug, thiserror::Error, Classify)]
enum ChargeError {
    #[error("the bank is closed")]
    #[classify(pause = "200ms")]
    Closed,
    #[error("no card has this number")]
    #[classify(permanent)]
    NoSuchCard,
}

#[derive(Debug, Clone, Default)]
struct Bank(Arc<AtomicBool>);

async fn charge(State(bank): State<Bank>, Text(card): Text) -> Result<(), ChargeError> {
    let is_open = bank.0.load(Ordering::SeqCst);
    println!("charging {card}: the bank is {}", if is_open { "open" } else { "closed" });
    match card.as_str() {
        _ if !is_open => Err(ChargeError::Closed),
        "none" => Err(ChargeError::NoSuchCard),
        _ => Ok(()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bank = Bank::default();
    // Errors of the class `pause` stop it in any case; so do many that are only transient.
    let switch = KillSwitch { minimum: 20, ratio: 0.8, ..KillSwitch::default() };
    let running = App::new("shop")
        .in_memory()
        .state(bank.clone())
        .handler(Handler::new("cards", charge).concurrency(2).kill_switch(switch))
        .start()
        .await?;
    for card in ["one", "two", "none", "three", "four"] {
        running.publisher().publish(Publish::to_queue("cards").text(card)).await?;
    }
    running.wait_until(|stats| stats.handler("charge").pauses == 2).await;
    println!("{:?}", running.stats().handler("charge").flow);
    bank.0.store(true, Ordering::SeqCst);
    running.wait_until(|stats| stats.handler("charge").handled == 4).await;
    running.wait_until(|stats| stats.handler("charge").dead_lettered == 1).await;
    running.wait_until(|stats| stats.handler("charge").flow == Flow::Flowing).await;
    running.shutdown().await?;
    Ok(())
}
