//! A function without the attribute that takes something that is no extractor.
// fix: with `#[leveret::handler(queue = "…")]` on the function the compiler names what does not fit

use leveret::Handler;

async fn book(_order: u64) {}

fn main() {
    let _handler = Handler::new("orders", book);
}
