//! Bytes that nobody is to read in a log.
//!
//! On the wire a long string like any other.

use core::fmt;

use bytes::Bytes;

/// A login response or a credential: `Debug` does not show it.
///
/// ```
/// use leveret_protocol::Secret;
///
/// let secret = Secret::from("\0guest\0guest");
/// assert_eq!(secret.as_bytes(), b"\0guest\0guest");
/// assert_eq!(format!("{secret:?}"), "Secret(12 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Bytes);

impl Secret {
    /// What it is.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What it is, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

impl<T: Into<Bytes>> From<T> for Secret {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}
