//! A message to publish.

use bytes::Bytes;
use leveret_protocol::{Properties, ShortStr};

/// A message and where it goes.
///
/// ```
/// use leveret_client::{Properties, Publish, ShortStr};
///
/// let publish = Publish {
///     exchange: ShortStr::from_static("events"),
///     routing_key: ShortStr::from_static("order.paid"),
///     properties: Properties::builder().persistent().build(),
///     body: "42".into(),
///     ..Publish::default()
/// };
/// assert!(publish.mandatory);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Publish {
    /// The exchange; empty is the default exchange, which knows each queue by its name.
    pub exchange: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
    /// Whether the broker gives the message back if no queue takes it; true unless said otherwise.
    pub mandatory: bool,
    /// The properties.
    pub properties: Properties,
    /// The body.
    pub body: Bytes,
}

impl Default for Publish {
    fn default() -> Self {
        Self {
            exchange: ShortStr::EMPTY,
            routing_key: ShortStr::EMPTY,
            mandatory: true,
            properties: Properties::EMPTY,
            body: Bytes::new(),
        }
    }
}
