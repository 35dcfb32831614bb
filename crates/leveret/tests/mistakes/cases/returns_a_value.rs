//! A handler that returns a value which is no message.
// fix: return `()`, `Publish`, `Reply`

use leveret::handler;

#[handler(queue = "orders")]
async fn book() -> u32 {
    7
}
