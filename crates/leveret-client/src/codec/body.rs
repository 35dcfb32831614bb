//! Values as the bytes of a format, and back.

use std::{borrow::Cow, fmt::Display};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

#[cfg(feature = "csv")]
use crate::codec::csv;
use crate::codec::{
    error::{DecodeError, EncodeError},
    format::Format,
    media_type::Charset,
    plain::{self, Plain},
};

/// How deep values may lie in each other; JSON's parser has the same bound. Deeper ones could
/// exhaust the stack, which ends the process.
#[cfg(any(feature = "cbor", feature = "msgpack"))]
const NESTING_MAX: usize = 128;

impl Format {
    /// A value's body.
    pub(super) fn encode<T: Serialize + ?Sized>(self, value: &T) -> Result<Bytes, EncodeError> {
        match self {
            Self::Json => serde_json::to_vec(value).map_err(|error| self.refuses(&error)),
            Self::Text => plain::text(value).map_err(|error| self.refuses(&error)),
            Self::Bytes => plain::bytes(value).map_err(|error| self.refuses(&error)),
            #[cfg(feature = "csv")]
            Self::Csv => csv::encode(value).map_err(|error| self.refuses(&error)),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => {
                rmp_serde::to_vec_named(value).map_err(|error| self.refuses(&error))
            }
            #[cfg(feature = "cbor")]
            Self::Cbor => {
                let mut body = Vec::new();
                let written = ciborium::into_writer(value, &mut body);
                written.map(|()| body).map_err(|error| self.refuses(&error))
            }
            #[cfg(not(feature = "csv"))]
            Self::Csv => {
                return Err(EncodeError::NotBuilt { name: self.content_type(), feature: "csv" });
            }
            #[cfg(not(feature = "msgpack"))]
            Self::MessagePack => {
                return Err(EncodeError::NotBuilt {
                    name: self.content_type(),
                    feature: "msgpack",
                });
            }
            #[cfg(not(feature = "cbor"))]
            Self::Cbor => {
                return Err(EncodeError::NotBuilt { name: self.content_type(), feature: "cbor" });
            }
        }
        .map(Bytes::from)
    }

    /// The value in a body.
    pub(super) fn decode<T: DeserializeOwned>(
        self,
        body: &[u8],
        charset: Charset,
    ) -> Result<T, DecodeError> {
        match self {
            Self::Json => {
                let text = text(body, charset)?;
                serde_json::from_str(&text).map_err(|error| self.is_not(&error))
            }
            Self::Text => {
                let text = text(body, charset)?;
                T::deserialize(Plain::Text(&text)).map_err(|error| self.is_not(&error))
            }
            Self::Bytes => T::deserialize(Plain::Bytes(body)).map_err(|error| self.is_not(&error)),
            #[cfg(feature = "csv")]
            Self::Csv => csv::decode(&text(body, charset)?).map_err(|error| self.is_not(&error)),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => {
                let mut input = rmp_serde::Deserializer::from_read_ref(body);
                input.set_max_depth(NESTING_MAX);
                T::deserialize(&mut input).map_err(|error| self.is_not(&error))
            }
            #[cfg(feature = "cbor")]
            Self::Cbor => ciborium::de::from_reader_with_recursion_limit(body, NESTING_MAX)
                .map_err(|error| self.is_not(&error)),
            #[cfg(not(feature = "csv"))]
            Self::Csv => Err(DecodeError::NotBuilt { name: self.content_type(), feature: "csv" }),
            #[cfg(not(feature = "msgpack"))]
            Self::MessagePack => {
                Err(DecodeError::NotBuilt { name: self.content_type(), feature: "msgpack" })
            }
            #[cfg(not(feature = "cbor"))]
            Self::Cbor => Err(DecodeError::NotBuilt { name: self.content_type(), feature: "cbor" }),
        }
    }

    fn refuses(self, error: &dyn Display) -> EncodeError {
        EncodeError::Value { format: self, text: error.to_string() }
    }

    fn is_not(self, error: &dyn Display) -> DecodeError {
        DecodeError::Value { format: self, text: error.to_string() }
    }
}

fn text(body: &[u8], charset: Charset) -> Result<Cow<'_, str>, DecodeError> {
    let invalid = |charset, valid_up_to| DecodeError::Text { charset, valid_up_to };
    match charset {
        Charset::Utf8 => str::from_utf8(body)
            .map(Cow::Borrowed)
            .map_err(|error| invalid("utf-8", error.valid_up_to())),
        Charset::Ascii => match body.iter().position(|byte| !byte.is_ascii()) {
            Some(valid_up_to) => Err(invalid("us-ascii", valid_up_to)),
            None => Ok(String::from_utf8_lossy(body)),
        },
        Charset::Latin1 => Ok(body.iter().copied().map(char::from).collect()),
    }
}
