//! Producers as a configuration file writes them.

use std::collections::BTreeMap;

use leveret_protocol::ShortStr;
use leveret_settings::parse_duration;
use serde::Deserialize;

use crate::{pool::UnknownPool, producer::defaults::MessageDefaults};

/// The tables `[producer.NAME]` of a configuration; others are left to who else reads the file.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ProducersConfig {
    /// Each producer by its name.
    #[serde(default)]
    pub producer: BTreeMap<String, ProducerConfig>,
}

/// One producer, as written; what is left out is as in [`MessageDefaults::default`].
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProducerConfig {
    /// The pool it publishes through; `publish` unless said otherwise.
    pub pool: Option<String>,
    /// The exchange.
    pub exchange: Option<String>,
    /// The routing key.
    pub routing_key: Option<String>,
    /// What the body is, as a MIME type.
    pub content_type: Option<String>,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// Whether messages survive a restart of the broker.
    pub persistent: Option<bool>,
    /// Whether a message that no queue takes fails.
    pub mandatory: Option<bool>,
    /// How long a message may wait in a queue, with its unit: `500ms`, `5s`, `2min`.
    pub expiration: Option<String>,
    /// What program sends it.
    pub app_id: Option<String>,
}

/// A producer cannot be made as it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProducerConfigError {
    /// A value is none.
    #[error("`{key}` {problem}")]
    Value {
        /// Which key, with the tables it stands in.
        key: String,
        /// What is wrong with it, and what was wanted.
        problem: String,
    },
    /// It is to publish through a pool that does not exist.
    #[error("`{key}`: {source}")]
    Pool {
        /// Which key, with the tables it stands in.
        key: String,
        /// Which pools there are.
        #[source]
        source: UnknownPool,
    },
}

impl ProducerConfig {
    /// The defaults of the producer `name`, whole and checked.
    pub fn resolve(&self, name: &str) -> Result<MessageDefaults, ProducerConfigError> {
        let wrong = |key: &str, problem: String| ProducerConfigError::Value {
            key: format!("producer.{name}.{key}"),
            problem,
        };
        let short = |key: &str, text: &Option<String>| {
            let text = text.as_deref().map(ShortStr::try_from).transpose();
            text.map_err(|error| wrong(key, format!("is too long: {error}")))
        };
        let expiration = match &self.expiration {
            None => None,
            Some(text) => Some(parse_duration(text).ok_or_else(|| {
                let problem = format!("is `{text}`, wanted a whole number and a unit such as `5s`");
                wrong("expiration", problem)
            })?),
        };
        let usual = MessageDefaults::default();
        Ok(MessageDefaults {
            exchange: short("exchange", &self.exchange)?.unwrap_or(usual.exchange),
            routing_key: short("routing_key", &self.routing_key)?.unwrap_or(usual.routing_key),
            content_type: short("content_type", &self.content_type)?,
            reply_to: short("reply_to", &self.reply_to)?,
            persistent: self.persistent.unwrap_or(usual.persistent),
            mandatory: self.mandatory.unwrap_or(usual.mandatory),
            expiration,
            app_id: short("app_id", &self.app_id)?,
        })
    }
}
