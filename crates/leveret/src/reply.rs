//! An answer to whoever asked: it goes to the message's `reply-to` queue.

use bytes::Bytes;
use leveret_client::RemoteError;
use serde::Serialize;

use crate::failure::{Class, Classify as _, FAILURE_TEXT_BYTES_MAX, Failure};
use crate::message::Message;
use crate::publish::{EncodeError, Publish};

/// The longest name of an error in a reply, in bytes; the rest is cut.
const CLASS_BYTES_MAX: usize = 255;

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

    /// An error as the answer: whoever called with `RpcClient::call` gets it as `RpcError::Remote`.
    ///
    /// The message counts as handled. A handler that fails for good answers with its error
    /// without being told to.
    ///
    /// ```
    /// use leveret::{EncodeError, RemoteError, Reply, Text};
    ///
    /// async fn price(Text(article): Text) -> Result<Reply, EncodeError> {
    ///     match article.as_str() {
    ///         "tea" => Reply::json(&3),
    ///         other => Ok(Reply::error(&RemoteError {
    ///             class: "unknown-article".to_owned(),
    ///             text: format!("no article `{other}`"),
    ///             is_transient: false,
    ///         })),
    ///     }
    /// }
    /// ```
    pub fn error(error: &RemoteError) -> Self {
        let class = if error.class.is_empty() { "error" } else { error.class.as_str() };
        let publish = Publish::default()
            .header("x-leveret-error-class", cut(class, CLASS_BYTES_MAX))
            .header("x-leveret-error", cut(&error.text, FAILURE_TEXT_BYTES_MAX))
            .header("x-leveret-error-transient", error.is_transient);
        Self(publish)
    }

    /// The answer to a request that could not be handled.
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        Self::error(&RemoteError {
            class: failure.name().to_owned(),
            text: failure.to_string(),
            is_transient: failure.class() != Class::Permanent,
        })
    }

    #[cfg(feature = "http")]
    pub(crate) fn of(publish: Publish) -> Self {
        Self(publish)
    }

    /// The content type; after the body, as `json` and `text` give one.
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        Self(self.0.content_type(content_type))
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

fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default()
}
