//! A message that came in.

use bytes::Bytes;
use leveret_protocol::{Properties, ShortStr};

/// A message that a consumer or a get received.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// The consumer it is for; empty if it was got.
    pub consumer_tag: ShortStr,
    /// Its number on the channel.
    pub tag: u64,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
    /// The exchange it was published to.
    pub exchange: ShortStr,
    /// Its routing key.
    pub routing_key: ShortStr,
    /// Its properties.
    pub properties: Properties,
    /// Its body.
    pub body: Bytes,
    /// Which channel's tag it is; none where nothing is to be settled.
    pub(crate) origin: Option<Origin>,
}

/// A message that was got, and what is left.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Got {
    /// The message.
    pub delivery: Delivery,
    /// How many messages were ready in the queue behind it.
    pub remaining: u32,
}

/// One life of one channel in this process; no two have the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Origin(pub(crate) u64);
