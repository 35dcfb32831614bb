//! An answer to whoever asked: it goes to the message's `reply-to` queue.

use bytes::Bytes;
use serde::Serialize;

use crate::message::Message;
use crate::publish::{EncodeError, Publish};

/// What a handler returns to answer a request.
///
/// It goes through the default exchange to the request's `reply-to`, with the request's
/// correlation-id (or else its message-id). To a message without `reply-to` nobody waits for an
/// answer: the reply is dropped and counted.
///
/// ```
/// use leveret::{EncodeError, Json, Reply};
///
/// async fn add(Json((a, b)): Json<(i64, i64)>) -> Result<Reply, EncodeError> {
///     Reply::json(&(a + b))
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a reply is sent when a handler returns it"]
pub struct Reply(Publish);

impl Reply {
    /// A body of JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, EncodeError> {
        Publish::default().json(value).map(Self)
    }

    /// A body of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(Publish::default().text(text))
    }

    /// A body of bytes.
    pub fn bytes(body: impl Into<Bytes>) -> Self {
        Self(Publish::default().bytes(body))
    }

    /// One more header.
    pub fn header(
        self,
        name: impl Into<String>,
        value: impl Into<leveret_protocol::FieldValue>,
    ) -> Self {
        Self(self.0.header(name, value))
    }

    /// The message it makes as an answer to `request`, unless that wants none.
    pub(crate) fn to(self, request: &Message) -> Option<Publish> {
        let mut publish = self.0.drop_if_unrouted();
        publish.routing_key = request.properties.reply_to()?;
        publish.correlation_id =
            request.properties.correlation_id().or_else(|| request.message_id());
        Some(publish)
    }
}
