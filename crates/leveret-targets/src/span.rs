//! Lengths of time, as configuration files write them.

use std::time::Duration;

use leveret::parse_span;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A length of time: `500ms`, `5s`, `2min`, `1h`, `7d`; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    pub(crate) const fn of_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = parse_span(&text).filter(|span| !span.is_zero());
        let wrong = || {
            format!("`{text}` is no length of time, expected one as in `500ms`, `5s`, `2min`, `1h`")
        };
        span.map(Self).ok_or_else(|| D::Error::custom(wrong()))
    }
}
