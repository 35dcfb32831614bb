//! Why a value has no body, or a body no value.
//!
//! No error repeats a payload, except for what a format's own parser quotes.

use crate::codec::format::Format;

/// A value could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value has no form in this format.
    #[error("the value cannot be written as {}: {text}", format.content_type())]
    Value {
        /// Which format.
        format: Format,
        /// Why.
        text: String,
    },
    /// The crate was built without it.
    #[error("{name} was asked for, which needs the cargo feature `{feature}` of leveret-client")]
    NotBuilt {
        /// The format's content type or the encoding's name.
        name: &'static str,
        /// What to switch on.
        feature: &'static str,
    },
    /// The body could not be compressed.
    #[error("the body cannot be compressed with {encoding}: {text}")]
    Compression {
        /// The encoding's name.
        encoding: &'static str,
        /// Why.
        text: String,
    },
}

/// A body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The content type is none that is known here, or is absent and nothing is assumed.
    #[error("content type `{found}`, wanted one of {}", Format::LIST)]
    UnknownContentType {
        /// What the message says.
        found: String,
    },
    /// The content type is another one.
    #[error("content type `{found}`, wanted `{wanted}`")]
    ContentType {
        /// What the message says.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// The text is written in characters that are not known here.
    #[error("charset `{found}`, wanted utf-8, us-ascii or iso-8859-1")]
    Charset {
        /// What the message says.
        found: String,
    },
    /// The text is not what its charset says.
    #[error("the body is no {charset} after byte {valid_up_to}")]
    Text {
        /// Which charset.
        charset: &'static str,
        /// Where the first wrong byte is.
        valid_up_to: usize,
    },
    /// The content encoding is none that is known here.
    #[error("content encoding `{found}`, wanted one of gzip, deflate, zstd")]
    UnknownEncoding {
        /// What the message says.
        found: String,
    },
    /// Too many encodings lie over each other.
    #[error("{found} content encodings over each other, at most {max} are unpacked")]
    TooManyEncodings {
        /// How many the message names.
        found: usize,
        /// How many may be.
        max: usize,
    },
    /// The body unpacks to more than is allowed.
    #[error("the body unpacks from {encoding} to more than {max} bytes")]
    TooLarge {
        /// The encoding's name.
        encoding: &'static str,
        /// The limit in bytes.
        max: usize,
    },
    /// The body is not what its encoding says.
    #[error("the body cannot be unpacked from {encoding}: {text}")]
    Compression {
        /// The encoding's name.
        encoding: &'static str,
        /// Why.
        text: String,
    },
    /// The crate was built without it.
    #[error("the body is {name}, which needs the cargo feature `{feature}` of leveret-client")]
    NotBuilt {
        /// The format's content type or the encoding's name.
        name: &'static str,
        /// What to switch on.
        feature: &'static str,
    },
    /// The body is not of its format, or not of the shape of the value.
    #[error("the body cannot be read as {}: {text}", format.content_type())]
    Value {
        /// Which format.
        format: Format,
        /// Why.
        text: String,
    },
}
