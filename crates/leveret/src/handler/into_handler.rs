//! What is handed to an application as a handler.

use super::Handler;

/// A handler, or what becomes one: what [`App::handler`](crate::App::handler) takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler yet",
    label = "not a handler yet",
    note = "a function with the attribute is handed over as `.handler(book::handler())`, with its own name for `book`",
    note = "one without it as `.handler(Handler::new(\"queue\", book))`"
)]
pub trait IntoHandler {
    /// The handler.
    fn into_handler(self) -> Handler;
}

impl IntoHandler for Handler {
    fn into_handler(self) -> Handler {
        self
    }
}
