//! The body as text.

use std::future::{Future, ready};

use leveret_client::{Codecs, DecodeError};

use super::FromMessage;
use crate::failure::{Class, Classify};
use crate::request::Request;
use crate::shared::Needs;

/// The body, read as UTF-8; a compressed one is unpacked first, as for [`Json`](crate::Json).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(pub String);

/// The body is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextRejection {
    /// The body is encoded in a way that is not known here.
    #[error("content encoding `{0}` is not supported")]
    ContentEncoding(String),
    /// The body is not what its encoding says, or too long.
    #[error("{0}")]
    Packed(String),
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
        ready(decode(request.codecs(), request))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.one_message("Text");
    }
}

fn decode(codecs: &Codecs, request: &Request) -> Result<Text, TextRejection> {
    let message = request.message();
    let body = codecs.unpack(message.properties(), message.body()).map_err(|error| {
        let text = error.to_string();
        if let DecodeError::UnknownEncoding { found } = error {
            TextRejection::ContentEncoding(found)
        } else {
            TextRejection::Packed(text)
        }
    })?;
    match std::str::from_utf8(&body) {
        Ok(text) => Ok(Text(text.to_owned())),
        Err(error) => Err(TextRejection::Body { valid_up_to: error.valid_up_to() }),
    }
}
