//! The body as JSON.

use std::future::{Future, ready};

use leveret_client::{DecodeError, Format};
use serde::de::DeserializeOwned;

use super::FromMessage;
use crate::failure::{Class, Classify};
use crate::request::Request;
use crate::shared::Needs;

/// The body, read as JSON into `T`.
///
/// A body that is none, or that calls itself something else, makes a dead letter at once: it
/// would not become readable by waiting. A compressed one is unpacked, up to 16 MiB; other limits,
/// and other content types that are JSON, are those of the [`Codecs`](crate::Codecs) given with
/// [`App::state`](crate::App::state).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// The body is not the JSON that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonRejection {
    /// The content type says it is something else.
    #[error("content type `{0}`, wanted `application/json`")]
    ContentType(String),
    /// The body is encoded in a way that is not known here.
    #[error("content encoding `{0}` is not supported")]
    ContentEncoding(String),
    /// It cannot be unpacked, is no JSON, or is not of the shape of `T`.
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

impl From<DecodeError> for JsonRejection {
    fn from(error: DecodeError) -> Self {
        let text = error.to_string();
        if let DecodeError::ContentType { found, .. } | DecodeError::UnknownContentType { found } =
            error
        {
            Self::ContentType(found)
        } else if let DecodeError::UnknownEncoding { found } = error {
            Self::ContentEncoding(found)
        } else {
            Self::Body(text)
        }
    }
}

impl<T: DeserializeOwned + Send> FromMessage for Json<T> {
    type Rejection = JsonRejection;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, JsonRejection>> + Send {
        let message = request.message();
        let codecs = request.codecs();
        let read = codecs.decode_as(Format::Json, message.properties(), message.body());
        ready(read.map(Json).map_err(JsonRejection::from))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.one_message("Json");
    }
}
