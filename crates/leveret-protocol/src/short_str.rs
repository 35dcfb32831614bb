//! Short strings: names, routing keys and reply texts of at most 255 bytes.
//!
//! They need not be UTF-8: a routing key with a Latin-1 byte is legal and is kept as it is.

use alloc::{borrow::Cow, string::String};
use core::{borrow::Borrow, fmt, ops::Deref, str::Utf8Error};

use bytes::Bytes;

/// A string of at most 255 bytes of any value; a clone shares the bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortStr(Bytes);

/// A string is too long to be short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("short string of {bytes} bytes, at most 255 are possible")]
pub struct TooLong {
    /// The string's length.
    pub bytes: usize,
}

impl ShortStr {
    /// The longest short string.
    pub const MAX_BYTES: usize = 255;
    /// The empty string.
    pub const EMPTY: Self = Self::from_static("");

    /// Takes the bytes if they are few enough.
    pub fn new(bytes: impl Into<Bytes>) -> Result<Self, TooLong> {
        let bytes = bytes.into();
        if bytes.len() > Self::MAX_BYTES {
            return Err(TooLong { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// A constant.
    ///
    /// # Panics
    ///
    /// If it is longer than 255 bytes; in a `const` that is a compile error.
    pub const fn from_static(text: &'static str) -> Self {
        assert!(text.len() <= Self::MAX_BYTES, "a constant short string has at most 255 bytes");
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// The beginning of a text, cut at a character's boundary if it is too long.
    pub fn truncated(text: &str) -> Self {
        let end = text.floor_char_boundary(Self::MAX_BYTES);
        Self(Bytes::copy_from_slice(text.get(..end).unwrap_or_default().as_bytes()))
    }

    /// Bytes whose count came from one octet.
    pub(crate) fn from_octet_counted(bytes: Bytes) -> Self {
        debug_assert!(bytes.len() <= Self::MAX_BYTES, "the length came from one octet");
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, shared.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// The text, if it is UTF-8.
    pub fn to_str(&self) -> Result<&str, Utf8Error> {
        core::str::from_utf8(&self.0)
    }

    /// The text, with other bytes replaced.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for ShortStr {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Deref for ShortStr {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for ShortStr {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for ShortStr {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ShortStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}

impl fmt::Debug for ShortStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string_lossy(), f)
    }
}

impl TryFrom<&str> for ShortStr {
    type Error = TooLong;

    fn try_from(text: &str) -> Result<Self, TooLong> {
        if text.len() > Self::MAX_BYTES {
            return Err(TooLong { bytes: text.len() });
        }
        Ok(Self(Bytes::copy_from_slice(text.as_bytes())))
    }
}

impl TryFrom<String> for ShortStr {
    type Error = TooLong;

    fn try_from(text: String) -> Result<Self, TooLong> {
        Self::new(text.into_bytes())
    }
}

impl PartialEq<str> for ShortStr {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for ShortStr {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_fifty_five_bytes_fit_and_one_more_does_not() {
        assert!(ShortStr::new(alloc::vec![b'x'; 255]).is_ok());
        assert_eq!(ShortStr::new(alloc::vec![b'x'; 256]), Err(TooLong { bytes: 256 }));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "é".repeat(200);
        assert_eq!(ShortStr::truncated(&text).len(), 254);
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        let key = ShortStr::new(&b"caf\xe9"[..]).unwrap();
        assert_eq!(key.as_bytes(), b"caf\xe9");
        assert!(key.to_str().is_err());
    }
}
