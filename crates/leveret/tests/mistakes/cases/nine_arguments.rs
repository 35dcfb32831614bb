//! More arguments than a handler can have.
// fix: at most eight arguments

use leveret::{Attempt, Headers, Message, Publisher, Redelivered, RoutingKey, Text, handler};

#[handler(queue = "orders")]
async fn book(
    _: Attempt,
    _: Headers,
    _: Message,
    _: Publisher,
    _: Redelivered,
    _: RoutingKey,
    _: Text,
    _: Attempt,
    _: Attempt,
) {
}
