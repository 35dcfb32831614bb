//! Producers of values.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use crate::{pool::PoolPublishError, producer::Producer};

/// Why a serializer failed.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What makes bodies of values.
type Serialize<T> = dyn Fn(&T) -> Result<Bytes, Cause> + Send + Sync;

/// Publishes values of one type; made by [`Producer::typed`], and a clone is the same producer.
pub struct TypedProducer<T> {
    producer: Producer,
    serialize: Arc<Serialize<T>>,
}

/// A value was not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProduceError {
    /// It could not be turned into a body; nothing was sent.
    #[error("the value for producer `{producer}` cannot be serialized")]
    Serialize {
        /// Which producer.
        producer: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The message was not sent or not confirmed.
    #[error(transparent)]
    Publish(#[from] PoolPublishError),
}

impl<T> TypedProducer<T> {
    pub(super) fn new<E>(
        producer: Producer,
        serialize: impl Fn(&T) -> Result<Bytes, E> + Send + Sync + 'static,
    ) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let serialize = move |value: &T| serialize(value).map_err(Cause::from);
        Self { producer, serialize: Arc::new(serialize) }
    }

    /// Publishes a value with all defaults, and waits until the broker has confirmed it.
    pub async fn publish(&self, value: &T) -> Result<(), ProduceError> {
        let body = (self.serialize)(value).map_err(|source| ProduceError::Serialize {
            producer: self.producer.name().to_owned(),
            source,
        })?;
        Ok(self.producer.publish(body).await?)
    }

    /// The producer of bodies below.
    pub const fn producer(&self) -> &Producer {
        &self.producer
    }
}

impl<T> Clone for TypedProducer<T> {
    fn clone(&self) -> Self {
        Self { producer: self.producer.clone(), serialize: Arc::clone(&self.serialize) }
    }
}

impl<T> fmt::Debug for TypedProducer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedProducer").field("producer", &self.producer).finish_non_exhaustive()
    }
}
