//! A number in quotes.
// fix: write `concurrency = 4`

use leveret::handler;

#[handler(queue = "orders", concurrency = "4")]
async fn book() {}
