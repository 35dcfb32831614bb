//! A message as a handler gets it.

use std::borrow::Cow;

use bytes::Bytes;
use leveret_protocol::{FieldTable, FieldValue, Properties, PropertiesBuilder, ShortStr};
use serde::Serialize;

use crate::publish::{EncodeError, Publish};

/// A delivered message: where it came from, its properties, its body. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Message {
    pub(crate) exchange: ShortStr,
    pub(crate) routing_key: ShortStr,
    pub(crate) properties: Properties,
    pub(crate) body: Bytes,
    pub(crate) redelivered: bool,
}

impl Message {
    /// A message as if it had been delivered: for tests of handlers, without a broker.
    pub fn new(routing_key: &str, properties: Properties, body: impl Into<Bytes>) -> Self {
        Self {
            exchange: ShortStr::EMPTY,
            routing_key: ShortStr::truncated(routing_key),
            properties,
            body: body.into(),
            redelivered: false,
        }
    }

    /// The exchange it was published to; bytes that are no text are replaced.
    pub fn exchange(&self) -> Cow<'_, str> {
        self.exchange.to_string_lossy()
    }

    /// The routing key it was published with; bytes that are no text are replaced.
    pub fn routing_key(&self) -> Cow<'_, str> {
        self.routing_key.to_string_lossy()
    }

    /// All properties, as they came.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// The body, as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether the broker has delivered it before, to this or another consumer.
    pub fn is_redelivered(&self) -> bool {
        self.redelivered
    }

    /// The message-id, if the publisher gave one.
    pub fn message_id(&self) -> Option<ShortStr> {
        self.properties.message_id()
    }

    /// The table of headers; empty without one.
    pub fn headers(&self) -> FieldTable {
        self.properties.headers().unwrap_or_default()
    }

    /// One header.
    pub fn header(&self, name: &str) -> Option<FieldValue> {
        self.properties.headers()?.get(name)
    }

    /// One header as text: a string, without bytes that are none.
    pub fn header_text(&self, name: &str) -> Option<String> {
        Some(self.header(name)?.to_text_lossy()?.into_owned())
    }

    /// The same message with another body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same message with a body of JSON.
    pub fn with_json(self, value: &impl Serialize) -> Result<Self, EncodeError> {
        let Publish { body, content_type, .. } = Publish::default().json(value)?;
        let properties = PropertiesBuilder::from(&self.properties)
            .content_type(content_type)
            .content_encoding(None);
        Ok(Self { properties: properties.build(), body, ..self })
    }

    /// The same message with other properties; their builder takes those it had.
    #[must_use]
    pub fn with_properties(self, properties: Properties) -> Self {
        Self { properties, ..self }
    }

    /// The same message with one header more, or with another value for one that it has.
    #[must_use]
    pub fn with_header(self, name: &str, value: impl Into<FieldValue>) -> Self {
        let kept = self.headers();
        let added = (ShortStr::truncated(name), value.into());
        let headers = kept.iter().filter(|(known, _)| *known != name).chain([added]);
        let properties =
            PropertiesBuilder::from(&self.properties).headers(headers.collect::<FieldTable>());
        self.with_properties(properties.build())
    }

    /// The same message under another type.
    #[must_use]
    pub fn with_kind(self, kind: &str) -> Self {
        let properties = PropertiesBuilder::from(&self.properties).kind(ShortStr::truncated(kind));
        self.with_properties(properties.build())
    }
}
