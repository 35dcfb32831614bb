//! A binding key without an exchange.
// fix: add `exchange = "…"`

use leveret::handler;

#[handler(queue = "orders", key = "order.*")]
async fn book() {}
