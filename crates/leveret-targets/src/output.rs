//! Where what a target gives goes: to an exchange, with a key of its own.

use bytes::Bytes;
use leveret::{Failure, Publish};
use serde::Deserialize;

use crate::delivery::Delivery;
use crate::error::TargetError;
use crate::template::Template;

/// Where what a target gives is published, in one unit with the message's acknowledgement.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct OutputConfig {
    /// The exchange; empty for the default one.
    pub exchange: String,
    /// The routing key, which may have places to be filled.
    pub key: String,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    exchange: String,
    key: Template,
}

impl OutputConfig {
    pub(crate) fn resolve(self, consumer: &str) -> Result<Output, TargetError> {
        let wrong = |problem| TargetError::value(consumer, "output.key", problem);
        Ok(Output { exchange: self.exchange, key: Template::parse(&self.key).map_err(wrong)? })
    }
}

impl Output {
    /// The message with this body.
    pub(crate) fn publish(
        &self,
        delivery: &Delivery,
        body: Bytes,
        content_type: Option<&str>,
    ) -> Result<Publish, Failure> {
        let unmappable = |missing| Failure::permanent(missing).named("unmappable");
        let key = self.key.fill(delivery, str::to_owned).map_err(unmappable)?;
        let publish = Publish::new(&self.exchange, key).bytes(body);
        Ok(match content_type {
            Some(content_type) => publish.content_type(content_type),
            None => publish,
        })
    }
}
