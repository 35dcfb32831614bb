//! Bodies as JSON strings: as they are if they are text, else in base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use crate::error::JsonError;

/// How a body stands in a JSON string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayloadEncoding {
    /// As it is: it is UTF-8.
    String,
    /// In base64.
    Base64,
}

impl PayloadEncoding {
    /// Its name in `payload_encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Base64 => "base64",
        }
    }

    /// The encoding of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::String, Self::Base64].into_iter().find(|encoding| encoding.name() == name)
    }
}

/// A body as a JSON string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The string.
    pub text: String,
    /// What it is.
    pub encoding: PayloadEncoding,
}

impl Payload {
    /// A body as text where it is UTF-8, else in base64.
    pub fn of(body: &[u8]) -> Self {
        match str::from_utf8(body) {
            Ok(text) => Self { text: text.to_owned(), encoding: PayloadEncoding::String },
            Err(_) => Self::base64(body),
        }
    }

    /// A body in base64, whatever it is.
    pub fn base64(body: &[u8]) -> Self {
        Self { text: STANDARD.encode(body), encoding: PayloadEncoding::Base64 }
    }

    /// The body again.
    pub fn into_body(self) -> Result<Bytes, JsonError> {
        match self.encoding {
            PayloadEncoding::String => Ok(self.text.into()),
            PayloadEncoding::Base64 => STANDARD
                .decode(self.text.as_bytes())
                .map(Bytes::from)
                .map_err(|error| JsonError::Base64 { reason: error.to_string() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_body_comes_back(body: Vec<u8>) {
            prop_assert_eq!(&Payload::of(&body).into_body().unwrap()[..], &body[..]);
            prop_assert_eq!(&Payload::base64(&body).into_body().unwrap()[..], &body[..]);
        }
    }

    #[test]
    fn text_stays_readable() {
        assert_eq!(Payload::of("Grüße".as_bytes()).text, "Grüße");
        assert_eq!(Payload::of(&[0xff]).encoding, PayloadEncoding::Base64);
        let broken = Payload { text: "?".to_owned(), encoding: PayloadEncoding::Base64 };
        assert!(broken.into_body().is_err());
    }
}
