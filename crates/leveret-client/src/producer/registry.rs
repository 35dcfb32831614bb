//! Producers by their names.

use std::collections::BTreeMap;

use crate::{
    pool::Pools,
    producer::{
        Producer,
        config::{ProducerConfigError, ProducersConfig},
    },
};

/// The pool of a producer that names none.
const POOL: &str = "publish";

/// The producers of a program, each under its name.
///
/// ```
/// use leveret_client::{Pools, PoolsConfig, Producers, ProducersConfig};
///
/// let text = r#"
///     [pool.publish]
///     address = "amqp://guest:guest@localhost"
///
///     [producer.orders]
///     exchange = "shop"
///     routing_key = "order.paid"
///     content_type = "application/json"
///     expiration = "10min"
/// "#;
/// let pools = Pools::from_config(&toml::from_str::<PoolsConfig>(text)?)?;
/// let producers = Producers::from_config(&toml::from_str::<ProducersConfig>(text)?, &pools)?;
/// assert_eq!(producers.get("orders")?.defaults().exchange, "shop");
///
/// let text = "[producer.orders]\npool = 'publich'";
/// let error = Producers::from_config(&toml::from_str(text)?, &pools).unwrap_err();
/// let expected = "`producer.orders.pool`: there is no pool `publich`, only `publish`";
/// assert_eq!(error.to_string(), expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Producers {
    producers: BTreeMap<String, Producer>,
}

/// No producer has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no producer `{name}`, only: {}", known.join(", "))]
#[non_exhaustive]
pub struct UnknownProducer {
    /// The name.
    pub name: String,
    /// Those there are.
    pub known: Vec<String>,
}

impl Producers {
    /// The producers of a configuration, on its pools.
    pub fn from_config(
        config: &ProducersConfig,
        pools: &Pools,
    ) -> Result<Self, ProducerConfigError> {
        let producers = config.producer.iter().map(|(name, config)| {
            let pool = pools.get(config.pool.as_deref().unwrap_or(POOL)).map_err(|source| {
                ProducerConfigError::Pool { key: format!("producer.{name}.pool"), source }
            })?;
            let producer = Producer::new(name, pool.clone(), config.resolve(name)?);
            Ok((name.clone(), producer))
        });
        Ok(Self { producers: producers.collect::<Result<_, _>>()? })
    }

    /// Adds a producer under its own name; one that had the name before is given back.
    pub fn insert(&mut self, producer: Producer) -> Option<Producer> {
        self.producers.insert(producer.name().to_owned(), producer)
    }

    /// The producer with this name.
    pub fn get(&self, name: &str) -> Result<&Producer, UnknownProducer> {
        self.producers.get(name).ok_or_else(|| UnknownProducer {
            name: name.to_owned(),
            known: self.producers.keys().cloned().collect(),
        })
    }

    /// All producers, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Producer> {
        self.producers.values()
    }
}
