//! Messages as requests to an axum router: one set of routes for both.
//!
//! `cargo run -p leveret --features http --example http_requests`

#![expect(
    clippy::print_stdout,
    clippy::panic_in_result_fn,
    reason = "an example shows what happens, and asserts it"
)]

use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::routing::{get, put};
use axum::{Extension, Json, Router};
use leveret::serve::{Mapping, StatusRule, StatusRules};
use leveret::{App, Handler, Principal, Publish, Publisher, RpcOptions, Text};

/// Outputs of a request leave together with its message's acknowledgement, or not at all.
async fn order(
    Path((region, id)): Path<(String, u64)>,
    principal: Extension<Principal>,
    publisher: Extension<Publisher>,
    article: String,
) -> StatusCode {
    println!("order {id} from {region} of {article}, by {}", principal.name());
    if article != "tea" {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    let mail = Publish::to_queue("mails").text(format!("order {id} is on its way"));
    match publisher.publish(mail).await {
        Ok(()) => StatusCode::CREATED,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let router = Router::new()
        .route("/regions/{region}/orders/{id}", put(order))
        .route("/{exchange}/prices", get(async || Json([3, 4])));

    let orders = Mapping::default()
        .method(Method::PUT)
        .captures("order.{region}.{id}")
        .path("/regions/{region}/orders/{id}")
        .rules(StatusRules::default().on(404, StatusRule::Reject));
    let prices = Mapping::default().method(Method::GET);

    let running = App::new("shop")
        .in_memory()
        .handler(
            Handler::serve_as("orders", orders, router.clone())
                .bind("shop", "order.*.*")
                .principal("web-shop"),
        )
        .handler(Handler::serve_as("prices", prices, router))
        .handler(
            Handler::new("mails", async |Text(mail): Text| println!("mail: {mail}")).named("mails"),
        )
        .start()
        .await?;

    for article in ["tea", "gold"] {
        running.publisher().publish(Publish::new("shop", "order.eu.7").text(article)).await?;
    }
    running.wait_until(|stats| stats.handler("mails").handled == 1).await;
    running.wait_until(|stats| stats.handler("orders").dead_lettered == 1).await;

    // A GET that somebody waits for: the response is the reply.
    let client = running.rpc_client(RpcOptions::default()).ok_or("no connection")?;
    let prices: Vec<u32> = client.call("prices", &()).await?;
    assert_eq!(prices, [3, 4]);
    running.shutdown().await?;
    Ok(())
}
