//! A body of a type that cannot be read from JSON.
// fix: adding `#[derive(serde::Deserialize)]` to your `Order` type

use leveret::{Json, handler};

struct Order;

#[handler(queue = "orders")]
async fn book(_: Json<Order>) {}
