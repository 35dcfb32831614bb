//! An application under test: outcomes, a retry after hours, cuts at every step.
//!
//! `cargo run -p leveret --example test_kit`; in a test, the first line of
//! `main` is `#[tokio::test(start_paused = true)]`.

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::time::Duration;

use leveret::test::{TestApp, explore};
use leveret::{App, Attempt, Delays, EncodeError, Failure, Handler, Json, Publish, RetryPolicy};

const HOUR: Duration = Duration::from_hours(1);

async fn charge(attempt: Attempt, Json(cents): Json<u32>) -> Result<Publish, Failure> {
    match cents {
        0 => Err(Failure::permanent("nothing to charge").named("empty")),
        _ if attempt.number == 1 => Err(Failure::transient("the bank is closed")),
        _ => Ok(Publish::new("shop", "order.charged").json(&cents)?),
    }
}

async fn ship(Json(_): Json<u32>) {}

fn shop(policy: RetryPolicy) -> App {
    let orders = Handler::new("orders", charge).bind("shop", "order.placed").retry(policy);
    let parcels = Handler::new("parcels", ship).bind("shop", "order.charged");
    App::new("shop").handler(orders).handler(parcels)
}

fn order(cents: u32) -> Result<Publish, EncodeError> {
    Publish::new("shop", "order.placed").json(&cents)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tokio::time::pause();
    let policy = RetryPolicy::attempts(1).then(Delays::exponential(HOUR, 3));
    let app = TestApp::options().in_memory().start(shop(policy)).await?;

    app.publish(order(0)?).await?;
    let letter = app.assert_dead_lettered("charge", "empty");
    println!("dead letter: {}", letter.error());

    app.publish(order(700)?).await?;
    println!("charged at once: {}", app.handled("charge").len());
    app.advance(2 * HOUR).await;
    app.assert_handled_once("ship");
    let charged = app.assert_published("shop", "order.charged");
    println!("charged after an hour: {} cents", charged.json::<u32>()?);
    app.shutdown().await?;

    let report = explore(|| shop(RetryPolicy::attempts(2)), order(700)?).await?;
    println!("{report}");
    report.assert_exactly_once();
    Ok(())
}
