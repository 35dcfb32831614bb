//! A password that no log line, error or debug print can show.

use std::fmt;

/// A secret text: no `Display`, a `Debug` that hides it, compared in constant time.
///
/// ```
/// use leveret_broker::Secret;
///
/// let secret = Secret::new("carrot");
/// assert_eq!(format!("{secret:?}"), "Secret(hidden)");
/// assert!(secret.matches(b"carrot"));
/// assert!(!secret.matches(b"turnip"));
/// ```
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Wraps a text that must not be shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into_boxed_str())
    }

    /// Whether `candidate` is the secret; the time taken depends on the candidate's length alone.
    pub fn matches(&self, candidate: &[u8]) -> bool {
        let secret = self.0.as_bytes();
        let mut difference = secret.len() ^ candidate.len();
        let mut expected = secret.iter().cycle();
        for byte in candidate {
            difference |= usize::from(byte ^ expected.next().unwrap_or(&0));
        }
        std::hint::black_box(difference) == 0
    }

    /// Gives the secret's bytes to a function, and nowhere else.
    pub(crate) fn expose<T>(&self, to: impl FnOnce(&[u8]) -> T) -> T {
        to(self.0.as_bytes())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_bytes_match() {
        for (secret, candidate, same) in [
            ("guest", "guest", true),
            ("guest", "Guest", false),
            ("guest", "gues", false),
            ("guest", "guestguest", false),
            ("guest", "", false),
            ("", "x", false),
            ("", "", true),
        ] {
            assert_eq!(
                Secret::new(secret).matches(candidate.as_bytes()),
                same,
                "{secret}/{candidate}"
            );
        }
    }
}
