//! A method as a handler.
// fix: share values with `State<T>`

use leveret::handler;

struct Shop;

impl Shop {
    #[handler(queue = "orders")]
    async fn book(&self) {}
}
