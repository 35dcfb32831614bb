//! One message and many who observe it; old versions; errors that are reported.
//!
//! `cargo run -p leveret --example observers`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use leveret::{
    App, EncodeError, ErrorReport, ErrorRoute, Event, Failure, Handler, Json, Message, Observed,
    Observers, Publish, Text,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct OrderPlaced {
    id: u64,
    cents: u64,
}

impl Event for OrderPlaced {
    const KIND: &'static str = "order-placed";
}

/// Version 1 was the order's number alone.
async fn from_v1(old: Option<Json<u64>>, message: Message) -> Result<Message, EncodeError> {
    match old {
        Some(Json(id)) => message.with_json(&OrderPlaced { id, cents: 100 }),
        None => Ok(message),
    }
}

async fn invoice(Observed(order): Observed<OrderPlaced>) -> Result<Publish, Failure> {
    match order.cents {
        0 => Err(Failure::permanent("nothing to pay").named("free-order")),
        cents => Ok(Publish::to_queue("done").text(format!("invoice over {cents} cents"))),
    }
}

async fn parcel(Observed(order): Observed<OrderPlaced>) -> Publish {
    Publish::to_queue("done").text(format!("parcel for order {}", order.id))
}

async fn complain(report: ErrorReport, Json(order): Json<OrderPlaced>) {
    println!("order {}: {} ({})", order.id, report.text, report.class);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let orders = Handler::observers("orders", Observers::new().on(invoice).on(parcel))
        .bind("shop", "order.*")
        .translate(from_v1)
        .route_errors(ErrorRoute::to_queue("complaints").named("free-order"));
    let running = App::new("shop")
        .in_memory()
        .handler(orders)
        .handler(Handler::new("complaints", complain))
        .handler(Handler::new("done", async |Text(text): Text| println!("{text}")).named("done"))
        .start()
        .await?;
    let publisher = running.publisher();
    let order = || Publish::new("shop", "order.placed");
    publisher.publish(order().event(&OrderPlaced { id: 1, cents: 1_999 })?).await?;
    publisher.publish(order().json(&2)?.kind("order-placed")).await?;
    publisher.publish(order().event(&OrderPlaced { id: 3, cents: 0 })?).await?;
    // Two invoices and two parcels; of the free order neither.
    running.wait_until(|stats| stats.handler("done").handled == 4).await;
    running.wait_until(|stats| stats.handler("complain").handled == 1).await;
    running.shutdown().await?;
    Ok(())
}
