//! Errors told apart: tried again at once, after a pause, or never.
//!
//! `cargo run -p leveret --example retry`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::time::Duration;

use leveret::{App, Attempt, Classify, Delays, Handler, Message, Publish, RetryPolicy, Text};

#[derive(Debug, thiserror::Error, Classify)]
enum ChargeError {
    #[error("the card is expired")]
    #[classify(permanent)]
    Expired,
    #[error("the bank does not answer")]
    #[classify(transient, name = "bank-silent")]
    Silent,
}

async fn charge(attempt: Attempt, Text(card): Text) -> Result<(), ChargeError> {
    println!("attempt {} at {card}", attempt.number);
    match card.as_str() {
        "expired" => Err(ChargeError::Expired),
        "slow bank" if attempt.number < 5 => Err(ChargeError::Silent),
        _ => Ok(()),
    }
}

async fn look_at(letter: Message) {
    let header = |name| letter.header_text(name).unwrap_or_default();
    println!("dead letter: {} ({})", header("x-leveret-error"), header("x-leveret-error-class"));
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Two attempts at once; if both fail, again after 200 ms, then after 400 ms.
    let policy = RetryPolicy::attempts(2).then(Delays::exponential(Duration::from_millis(200), 2));
    let running = App::new("shop")
        .in_memory()
        .handler(Handler::new("cards", charge).retry(policy))
        .handler(Handler::new("cards.dead", look_at).retry(RetryPolicy::never()))
        .start()
        .await?;
    print!("{}", running.settlement_plan());
    for card in ["valid", "expired", "slow bank"] {
        running.publisher().publish(Publish::to_queue("cards").text(card)).await?;
    }
    running.wait_until(|stats| stats.handler("charge").handled == 2).await;
    running.wait_until(|stats| stats.handler("look_at").handled == 1).await;
    running.shutdown().await?;
    Ok(())
}
