//! A body taken as it is, without an extractor around it.
// fix: a body is taken as `Json(value): Json<

use leveret::handler;

struct Order;

#[handler(queue = "orders")]
async fn book(_order: Order) {}
