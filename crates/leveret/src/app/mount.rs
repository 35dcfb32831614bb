//! Parts of an application.

use super::App;
use crate::handler::Handlers;

impl App {
    /// Adds the handlers of a group: see [`Handlers`].
    ///
    /// Two handlers of one name, or on one queue of one connection, are refused at start, from
    /// whatever group they are.
    #[must_use]
    pub fn mount(mut self, handlers: Handlers) -> Self {
        self.handlers.extend(handlers.into_handlers());
        self
    }
}
