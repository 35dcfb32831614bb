//! The body as text.

use std::future::{Future, ready};

use super::FromMessage;
use super::json::is_plain;
use crate::failure::{Class, Classify};
use crate::message::Message;
use crate::request::Request;

/// The body, read as UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(pub String);

/// The body is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextRejection {
    /// The body is compressed or otherwise encoded.
    #[error("content encoding `{0}` is not supported")]
    ContentEncoding(String),
    /// It is no UTF-8.
    #[error("the body is no UTF-8 after byte {valid_up_to}")]
    Body {
        /// Where the first wrong byte is.
        valid_up_to: usize,
    },
}

impl Classify for TextRejection {
    fn class(&self) -> Class {
        Class::Permanent
    }

    fn name(&self) -> &'static str {
        "undecodable"
    }
}

impl FromMessage for Text {
    type Rejection = TextRejection;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, TextRejection>> + Send {
        ready(decode(request.message()))
    }
}

fn decode(message: &Message) -> Result<Text, TextRejection> {
    if let Some(encoding) = message.properties().content_encoding()
        && !is_plain(&encoding.to_string_lossy())
    {
        return Err(TextRejection::ContentEncoding(encoding.to_string()));
    }
    match std::str::from_utf8(message.body()) {
        Ok(text) => Ok(Text(text.to_owned())),
        Err(error) => Err(TextRejection::Body { valid_up_to: error.valid_up_to() }),
    }
}
