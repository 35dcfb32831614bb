//! The function itself handed to the application.
// fix: `.handler(book::handler())`

use leveret::{App, handler};

#[handler(queue = "orders")]
async fn book() {}

fn main() {
    let _app = App::new("shop").handler(book);
}
