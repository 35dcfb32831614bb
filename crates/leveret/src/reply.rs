//! An answer to whoever asked: it goes to the message's `reply-to` queue.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use bytes::Bytes;
use leveret_client::{Codecs, RemoteError};
use leveret_protocol::Properties;
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
pub struct Reply {
    publish: Publish,
    value: Option<Value>,
}

/// A value that becomes a body once it is known who asked.
#[derive(Clone)]
struct Value(Arc<Write>);

type Write = dyn Fn(&Codecs) -> Result<(Properties, Bytes), String> + Send + Sync;

impl Reply {
    /// A body of JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, EncodeError> {
        Publish::default().json(value).map(Self::of)
    }

    /// A value, in the format of the request: JSON for JSON and for a request that does not say,
    /// CBOR for CBOR.
    ///
    /// A format that is not known here, or cannot write the value, is answered in JSON, or in the
    /// format of the [`Codecs`] given with [`App::state`](crate::App::state), which also say from
    /// which length on a body is compressed. A value that cannot be written at all is answered
    /// with an error named `encode`.
    ///
    /// ```
    /// use leveret::{Message, Reply};
    ///
    /// async fn sizes(message: Message) -> Reply {
    ///     Reply::value(vec![message.body().len()])
    /// }
    /// # let _ = leveret::Handler::new("sizes", sizes);
    /// ```
    pub fn value(value: impl Serialize + Send + Sync + 'static) -> Self {
        let write = move |codecs: &Codecs| {
            let written = codecs.encode(Properties::builder(), &value);
            written.map_err(|error| error.to_string())
        };
        Self { publish: Publish::default(), value: Some(Value(Arc::new(write))) }
    }

    /// A body of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Publish::default().text(text))
    }

    /// A body of bytes.
    pub fn bytes(body: impl Into<Bytes>) -> Self {
        Self::of(Publish::default().bytes(body))
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
        Self::of(publish)
    }

    /// The answer to a request that could not be handled.
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        Self::error(&RemoteError {
            class: failure.name().to_owned(),
            text: failure.to_string(),
            is_transient: failure.class() != Class::Permanent,
        })
    }

    pub(crate) fn of(publish: Publish) -> Self {
        Self { publish, value: None }
    }

    /// The content type; after the body, as `json` and `text` give one.
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        Self { publish: self.publish.content_type(content_type), ..self }
    }

    /// One more header.
    pub fn header(
        self,
        name: impl Into<String>,
        value: impl Into<leveret_protocol::FieldValue>,
    ) -> Self {
        Self { publish: self.publish.header(name, value), ..self }
    }

    /// The message it makes as an answer to `request`, unless that wants none.
    pub(crate) fn to(self, request: &Message, codecs: &Codecs) -> Option<Publish> {
        let routing_key = request.properties.reply_to()?;
        let mut publish = self.written(request, codecs).drop_if_unrouted();
        publish.routing_key = routing_key;
        publish.correlation_id =
            request.properties.correlation_id().or_else(|| request.message_id());
        Some(publish)
    }

    /// With its body.
    fn written(self, request: &Message, codecs: &Codecs) -> Publish {
        let Self { mut publish, value } = self;
        let Some(Value(write)) = value else { return publish };
        let written = write(&codecs.like(request.properties())).or_else(|_| write(codecs));
        match written {
            Ok((properties, body)) => {
                publish.content_type = properties.content_type();
                publish.content_encoding = properties.content_encoding();
                publish.bytes(body)
            }
            Err(text) => {
                let class = "encode".to_owned();
                Self::error(&RemoteError { class, text, is_transient: false }).publish
            }
        }
    }
}

impl Debug for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default()
}
