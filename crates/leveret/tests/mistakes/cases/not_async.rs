//! A handler that is a plain function.
// fix: write `async fn`, or `#[handler(blocking, …)]` if it blocks

use leveret::{Text, handler};

#[handler(queue = "names")]
fn greet(Text(_): Text) {}
