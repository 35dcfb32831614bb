//! A message on its way out: what a handler returns and a publisher takes.

use bytes::Bytes;
use leveret_protocol::{FieldValue, ShortStr};
use serde::Serialize;

use crate::failure::{Class, Classify};

/// A message to publish.
///
/// Unless told otherwise it is persistent and mandatory, and gets a message-id, a timestamp, the
/// application's name, and the id of the message being handled as its correlation-id.
///
/// ```
/// use leveret::Publish;
///
/// let _greeting = Publish::new("greetings", "greeting.hello").text("hello").header("x-mood", "good");
/// let _number = Publish::new("numbers", "number.prime").json(&7)?;
/// # Ok::<(), leveret::EncodeError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a message is published when a handler returns it or a publisher takes it"]
pub struct Publish {
    pub(crate) exchange: ShortStr,
    pub(crate) routing_key: ShortStr,
    pub(crate) body: Bytes,
    pub(crate) content_type: Option<ShortStr>,
    pub(crate) content_encoding: Option<ShortStr>,
    pub(crate) kind: Option<ShortStr>,
    pub(crate) message_id: Option<ShortStr>,
    pub(crate) correlation_id: Option<ShortStr>,
    pub(crate) reply_to: Option<ShortStr>,
    pub(crate) expiration: Option<ShortStr>,
    pub(crate) priority: Option<u8>,
    pub(crate) timestamp_secs: Option<u64>,
    pub(crate) headers: Vec<(ShortStr, FieldValue)>,
    pub(crate) persistence: Persistence,
    pub(crate) routing: Routing,
    /// The first name that is too long; told when the message is to leave.
    pub(crate) problem: Option<EncodeError>,
}

/// Whether a message outlives the broker's process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Persistence {
    #[default]
    Persistent,
    Transient,
}

/// What happens if no queue takes a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Routing {
    /// It is an error.
    #[default]
    Mandatory,
    /// The broker drops it.
    Optional,
}

/// A message could not be put into its form on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A name or id is longer than AMQP allows.
    #[error("the {what} has {bytes} bytes, at most 255 are possible")]
    TooLong {
        /// Which one.
        what: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// The value has no JSON form.
    #[error("not representable as JSON: {0}")]
    Json(String),
}

impl Classify for EncodeError {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &'static str {
        "encode"
    }
}

impl Publish {
    /// To an exchange, with a routing key; the body is empty.
    pub fn new(exchange: impl Into<String>, routing_key: impl Into<String>) -> Self {
        let mut publish = Self::default();
        publish.exchange = publish.short("exchange", exchange.into());
        publish.routing_key = publish.short("routing key", routing_key.into());
        publish
    }

    /// Straight to a queue, through the default exchange.
    pub fn to_queue(queue: impl Into<String>) -> Self {
        Self::new("", queue)
    }

    /// A body of JSON.
    pub fn json(mut self, value: &impl Serialize) -> Result<Self, EncodeError> {
        let body =
            serde_json::to_vec(value).map_err(|error| EncodeError::Json(error.to_string()))?;
        self.content_type = Some(ShortStr::from_static("application/json"));
        Ok(self.bytes(body))
    }

    /// A body of text, in UTF-8.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.content_type = Some(ShortStr::from_static("text/plain; charset=utf-8"));
        self.bytes(text.into())
    }

    /// A body of bytes.
    pub fn bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The content type; after the body, as `json` and `text` give one.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(self.short("content type", content_type.into()));
        self
    }

    /// The content encoding.
    pub fn content_encoding(mut self, content_encoding: impl Into<String>) -> Self {
        self.content_encoding = Some(self.short("content encoding", content_encoding.into()));
        self
    }

    /// The property `type`: what kind of message it is.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(self.short("type", kind.into()));
        self
    }

    /// The message-id, instead of one that is made for it.
    pub fn message_id(mut self, id: impl Into<String>) -> Self {
        self.message_id = Some(self.short("message-id", id.into()));
        self
    }

    /// The correlation-id, instead of the id of the message being handled.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(self.short("correlation-id", id.into()));
        self
    }

    /// The queue that takes replies.
    pub fn reply_to(mut self, queue: impl Into<String>) -> Self {
        self.reply_to = Some(self.short("reply-to", queue.into()));
        self
    }

    /// How long the message may wait in a queue.
    pub fn expires_after(mut self, age: std::time::Duration) -> Self {
        self.expiration = Some(self.short("expiration", age.as_millis().to_string()));
        self
    }

    /// The priority, for queues that have them.
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = Some(priority);
        self
    }

    /// The timestamp in seconds since the Unix epoch, instead of now.
    pub fn timestamp(mut self, secs: u64) -> Self {
        self.timestamp_secs = Some(secs);
        self
    }

    /// One more header; a later one of the same name wins.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        let name = self.short("header name", name.into());
        self.headers.push((name, value.into()));
        self
    }

    /// Lets the broker forget it when it stops.
    pub fn transient(mut self) -> Self {
        self.persistence = Persistence::Transient;
        self
    }

    /// Lets the broker drop it if no queue is bound for it.
    pub fn drop_if_unrouted(mut self) -> Self {
        self.routing = Routing::Optional;
        self
    }

    fn short(&mut self, what: &'static str, text: String) -> ShortStr {
        ShortStr::try_from(text).unwrap_or_else(|error| {
            self.problem.get_or_insert(EncodeError::TooLong { what, bytes: error.bytes });
            ShortStr::EMPTY
        })
    }
}
