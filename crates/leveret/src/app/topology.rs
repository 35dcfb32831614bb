//! Exchanges, queues and bindings that no handler needs.

use leveret_client::QueueBinding;
use leveret_protocol::ShortStr;

use super::App;
use crate::link::Declaration;
use crate::topology::{ExchangeKind, Queue};

impl App {
    /// One more exchange on the unnamed connection, durable, besides those of handlers.
    ///
    /// What is declared this way is there before anything is consumed, and declared again on each
    /// new connection, in the order in which it was added.
    ///
    /// ```
    /// use leveret::{App, Queue};
    ///
    /// let app = App::new("shop")
    ///     .exchange("orders", "topic")
    ///     .queue(Queue::new("audit").argument("x-max-length", 10_000))
    ///     .bind("audit", "orders", "#");
    /// # let _ = app;
    /// ```
    #[must_use]
    pub fn exchange(mut self, name: impl AsRef<str>, kind: impl Into<ExchangeKind>) -> Self {
        self.declarations.push(Declaration::exchange(name.as_ref(), &kind.into()));
        self
    }

    /// One more queue: see [`App::exchange`].
    #[must_use]
    pub fn queue(mut self, queue: impl Into<Queue>) -> Self {
        self.declarations.push(Declaration::queue(&queue.into()));
        self
    }

    /// One more binding: see [`App::exchange`].
    #[must_use]
    pub fn bind(
        mut self,
        queue: impl AsRef<str>,
        exchange: impl AsRef<str>,
        key: impl AsRef<str>,
    ) -> Self {
        self.declarations.push(Declaration::Binding(QueueBinding {
            queue: ShortStr::truncated(queue.as_ref()),
            exchange: ShortStr::truncated(exchange.as_ref()),
            routing_key: ShortStr::truncated(key.as_ref()),
            ..QueueBinding::default()
        }));
        self
    }
}
