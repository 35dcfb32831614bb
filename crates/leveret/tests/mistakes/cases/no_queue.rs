//! A handler that names no queue.
// fix: write `#[handler(queue = "…")]`

use leveret::handler;

#[handler]
async fn book() {}
