//! A message that came back.

use bytes::Bytes;
use leveret_protocol::{Properties, ShortStr};

/// A mandatory message that no queue took.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Returned {
    /// The reply code, 312.
    pub code: u16,
    /// The broker's words.
    pub text: String,
    /// The exchange it was published to.
    pub exchange: ShortStr,
    /// Its routing key.
    pub routing_key: ShortStr,
    /// Its properties, as the broker gave them back.
    pub properties: Properties,
    /// Its body.
    pub body: Bytes,
}
