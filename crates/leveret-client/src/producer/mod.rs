//! Producers: where messages go and what is said of them, under a name.

mod config;
mod defaults;
mod registry;
mod typed;

use bytes::Bytes;

pub use self::{
    config::{ProducerConfig, ProducerConfigError, ProducersConfig},
    defaults::MessageDefaults,
    registry::{Producers, UnknownProducer},
    typed::{ProduceError, TypedProducer},
};
use crate::{
    message::Publish,
    pool::{Pool, PoolPublishError},
};

/// Publishes messages through a pool, with defaults; a clone is the same producer.
///
/// ```no_run
/// use leveret_client::{ConnectOptions, MessageDefaults, Pool, PoolOptions, Producer, ShortStr};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::new("publish", PoolOptions::to(ConnectOptions::default()));
/// let defaults = MessageDefaults {
///     exchange: ShortStr::from_static("shop"),
///     routing_key: ShortStr::from_static("order.paid"),
///     ..MessageDefaults::default()
/// };
/// let orders = Producer::new("orders", pool, defaults);
/// orders.publish("42").await?;
/// // One that differs:
/// let mut refund = orders.message("43");
/// refund.routing_key = ShortStr::from_static("order.refunded");
/// orders.send(refund).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Producer {
    name: String,
    pool: Pool,
    defaults: MessageDefaults,
}

impl Producer {
    /// A producer that publishes through a pool.
    pub fn new(name: &str, pool: Pool, defaults: MessageDefaults) -> Self {
        Self { name: name.to_owned(), pool, defaults }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its messages are like.
    pub const fn defaults(&self) -> &MessageDefaults {
        &self.defaults
    }

    /// The pool it publishes through.
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Publishes a body with all defaults, and waits until the broker has confirmed it.
    pub async fn publish(&self, body: impl Into<Bytes>) -> Result<(), PoolPublishError> {
        self.send(self.message(body)).await
    }

    /// A message with all defaults and a new id, to be changed and [sent](Self::send).
    pub fn message(&self, body: impl Into<Bytes>) -> Publish {
        self.defaults.message(body)
    }

    /// Publishes a message as it is, and waits until the broker has confirmed it.
    pub async fn send(&self, publish: Publish) -> Result<(), PoolPublishError> {
        self.pool.publish(publish).await
    }

    /// A producer of values, which `serialize` turns into bodies.
    ///
    /// What it makes is told by the content type of the defaults.
    pub fn typed<T, E>(
        self,
        serialize: impl Fn(&T) -> Result<Bytes, E> + Send + Sync + 'static,
    ) -> TypedProducer<T>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        TypedProducer::new(self, serialize)
    }
}
