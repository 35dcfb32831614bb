//! A handler with a type parameter.
// fix: name the type, or write `Handler::new(

use leveret::{State, handler};

#[handler(queue = "orders")]
async fn book<T: Clone + Send + Sync + 'static>(_: State<T>) {}
