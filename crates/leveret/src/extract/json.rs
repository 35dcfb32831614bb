//! The body as JSON.

use std::future::{Future, ready};

use serde::de::DeserializeOwned;

use super::FromMessage;
use crate::failure::{Class, Classify};
use crate::message::Message;
use crate::request::Request;

/// The body, read as JSON into `T`.
///
/// A body that is none, or that calls itself something else, makes a dead letter at once: it
/// would not become readable by waiting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// The body is not the JSON that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonRejection {
    /// The content type says it is something else.
    #[error("content type `{0}`, wanted `application/json`")]
    ContentType(String),
    /// The body is compressed or otherwise encoded.
    #[error("content encoding `{0}` is not supported")]
    ContentEncoding(String),
    /// It is no JSON, or not of the shape of `T`.
    #[error("undecodable JSON: {0}")]
    Body(String),
}

impl Classify for JsonRejection {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &'static str {
        "undecodable"
    }
}

impl<T: DeserializeOwned + Send> FromMessage for Json<T> {
    type Rejection = JsonRejection;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, JsonRejection>> + Send {
        ready(decode(request.message()))
    }
}

fn decode<T: DeserializeOwned>(message: &Message) -> Result<Json<T>, JsonRejection> {
    if let Some(content_type) = message.properties().content_type()
        && !may_be_json(&content_type.to_string_lossy())
    {
        return Err(JsonRejection::ContentType(content_type.to_string()));
    }
    if let Some(encoding) = message.properties().content_encoding()
        && !is_plain(&encoding.to_string_lossy())
    {
        return Err(JsonRejection::ContentEncoding(encoding.to_string()));
    }
    serde_json::from_slice(message.body())
        .map(Json)
        .map_err(|error| JsonRejection::Body(error.to_string()))
}

/// Publishers that do not know better say nothing, or `application/octet-stream`.
fn may_be_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    matches!(essence.as_str(), "" | "application/json" | "text/json" | "application/octet-stream")
        || essence.ends_with("+json")
}

/// Whether an encoding leaves the text as it is.
pub(super) fn is_plain(encoding: &str) -> bool {
    matches!(
        encoding.to_ascii_lowercase().as_str(),
        "" | "identity" | "utf-8" | "utf8" | "us-ascii" | "8bit"
    )
}
