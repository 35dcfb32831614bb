//! A handler that returns a text and means a reply.
// fix: `Reply::text(

use leveret::handler;

#[handler(queue = "orders")]
async fn book() -> String {
    String::new()
}
