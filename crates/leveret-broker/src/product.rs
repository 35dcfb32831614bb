//! What the broker calls itself.

/// The product.
pub(crate) const NAME: &str = "Leveret";

/// Its version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of `RabbitMQ` whose tools and clients find what they look for; they compare it.
pub(crate) const RABBITMQ_VERSION: &str = "3.13.7";

/// The node's name, as tools show it.
pub(crate) const NODE: &str = "leveret@localhost";
