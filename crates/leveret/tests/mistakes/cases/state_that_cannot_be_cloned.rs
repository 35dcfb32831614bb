//! State of a type that cannot be cloned.
// fix: consider annotating `Pool` with `#[derive(Clone)]`

use leveret::{State, handler};

struct Pool;

#[handler(queue = "orders")]
async fn book(_: State<Pool>) {}
