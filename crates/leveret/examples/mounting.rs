//! Parts of an application: handlers with queues, state and rules of their own.
//!
//! `cargo run -p leveret --example mounting`

#![expect(
    clippy::print_stdout,
    clippy::panic_in_result_fn,
    reason = "an example shows what happens, and asserts it"
)]

use leveret::{
    App, Captures, Classify, Handler, Handlers, Publish, RetryPolicy, Rule, State, Text,
};

/// What the handlers of one part share.
#[derive(Debug, Clone)]
struct Bank(&'static str);

#[derive(Debug, thiserror::Error, Classify)]
enum ChargeError {
    #[error("the card is expired")]
    #[classify(permanent)]
    CardExpired,
}

async fn charge(State(bank): State<Bank>, Text(card): Text) -> Result<(), ChargeError> {
    println!("{} charges {card}", bank.0);
    if card == "expired" { Err(ChargeError::CardExpired) } else { Ok(()) }
}

async fn audit(Captures(region): Captures<String>) {
    println!("an order from {region}");
}

/// A part that knows nothing of the application it is mounted in.
fn billing(bank: Bank) -> Handlers {
    Handlers::new().state(bank).handler(Handler::new("cards", charge).concurrency(2))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parts = Handlers::new()
        .nest("eu", billing(Bank("the bank of Europe")))
        .nest("us", billing(Bank("the bank of America")))
        .handler(Handler::new("orders", audit).bind("shop", "order.{region}"))
        .retry(RetryPolicy::attempts(5))
        .on_error("card-expired", Rule::Drop);
    let app = App::new("shop").in_memory().mount(Handlers::new().nest("shop", parts));
    let running = app.start().await?;
    println!("{}", running.settlement_plan());

    for (queue, card) in [("shop.eu.cards", "7"), ("shop.us.cards", "expired")] {
        running.publisher().publish(Publish::to_queue(queue).text(card)).await?;
    }
    running.publisher().publish(Publish::new("shop", "order.eu")).await?;
    running.wait_until(|stats| stats.handler("shop.eu.charge").handled == 1).await;
    running.wait_until(|stats| stats.handler("shop.us.charge").dropped == 1).await;
    running.wait_until(|stats| stats.handler("shop.audit").handled == 1).await;
    assert_eq!(running.stats().handler("shop.us.charge").dead_lettered, 0);
    running.shutdown().await?;
    Ok(())
}
