//! An exchange without a binding key.
// fix: add `key = "…"`, with `"#"` for all messages

use leveret::handler;

#[handler(queue = "orders", exchange = "shop")]
async fn book() {}
