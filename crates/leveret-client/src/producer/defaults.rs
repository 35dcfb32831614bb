//! What a message is like unless it says otherwise.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use leveret_protocol::{Properties, ShortStr};
use uuid::Uuid;

use crate::message::Publish;

/// Where a producer's messages go, and what is said of them.
///
/// Each message also gets an id of its own (UUID version 7, so ids sort by time) and the time.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageDefaults {
    /// The exchange; empty is the default exchange.
    pub exchange: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
    /// What the body is, as a MIME type.
    pub content_type: Option<ShortStr>,
    /// Where answers go.
    pub reply_to: Option<ShortStr>,
    /// Whether messages survive a restart of the broker in durable queues.
    pub persistent: bool,
    /// Whether a message that no queue takes fails.
    pub mandatory: bool,
    /// How long a message may wait in a queue.
    pub expiration: Option<Duration>,
    /// What program sends it.
    pub app_id: Option<ShortStr>,
}

impl Default for MessageDefaults {
    fn default() -> Self {
        Self {
            exchange: ShortStr::EMPTY,
            routing_key: ShortStr::EMPTY,
            content_type: None,
            reply_to: None,
            persistent: true,
            mandatory: true,
            expiration: None,
            app_id: None,
        }
    }
}

impl MessageDefaults {
    /// A message with this body and a new id.
    pub fn message(&self, body: impl Into<Bytes>) -> Publish {
        Publish {
            exchange: self.exchange.clone(),
            routing_key: self.routing_key.clone(),
            mandatory: self.mandatory,
            properties: self.properties(),
            body: body.into(),
        }
    }

    fn properties(&self) -> Properties {
        let id = Uuid::now_v7();
        let id = ShortStr::truncated(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let expiration =
            self.expiration.map(|time| ShortStr::truncated(&time.as_millis().to_string()));
        // AMQP 0-9-1, basic.delivery-mode: 1 is non-persistent, 2 is persistent.
        let delivery_mode: u8 = if self.persistent { 2 } else { 1 };
        Properties::builder()
            .message_id(id)
            .timestamp(now.as_secs())
            .delivery_mode(delivery_mode)
            .content_type(self.content_type.clone())
            .reply_to(self.reply_to.clone())
            .expiration(expiration)
            .app_id(self.app_id.clone())
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_what_its_producer_says_and_an_id_of_its_own() {
        let defaults = MessageDefaults {
            exchange: ShortStr::from_static("shop"),
            routing_key: ShortStr::from_static("order.paid"),
            content_type: Some(ShortStr::from_static("application/json")),
            reply_to: Some(ShortStr::from_static("answers")),
            expiration: Some(Duration::from_secs(5)),
            app_id: Some(ShortStr::from_static("till")),
            ..MessageDefaults::default()
        };
        let (one, two) = (defaults.message("1"), defaults.message("2"));
        assert_eq!((&one.exchange, &one.routing_key), (&defaults.exchange, &defaults.routing_key));
        assert!(one.mandatory && one.properties.is_persistent());
        assert_eq!(one.properties.content_type(), defaults.content_type);
        assert_eq!(one.properties.reply_to(), defaults.reply_to);
        assert_eq!(one.properties.expiration().unwrap(), "5000");
        assert_eq!(one.properties.app_id(), defaults.app_id);
        assert!(one.properties.timestamp().unwrap() > 1_700_000_000);
        assert!(one.properties.message_id() < two.properties.message_id());
        let fleeting = MessageDefaults { persistent: false, ..defaults };
        assert!(!fleeting.message("3").properties.is_persistent());
    }
}
