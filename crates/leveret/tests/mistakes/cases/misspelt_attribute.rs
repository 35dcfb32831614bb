//! An attribute that is misspelt.
// fix: did you mean `concurrency`?

use leveret::handler;

#[handler(queue = "orders", concurency = 4)]
async fn book() {}
