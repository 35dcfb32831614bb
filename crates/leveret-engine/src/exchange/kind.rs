//! The types of exchange.

use leveret_protocol::ShortStr;

use crate::error::DeclareError;

/// How an exchange compares a message with its bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExchangeKind {
    Direct,
    Fanout,
    Topic,
    Headers,
}

impl ExchangeKind {
    const ALL: [Self; 4] = [Self::Direct, Self::Fanout, Self::Topic, Self::Headers];

    pub(crate) fn parse(kind: &ShortStr) -> Result<Self, DeclareError> {
        let known = Self::ALL.into_iter().find(|known| *kind == known.name());
        known.ok_or_else(|| DeclareError::ExchangeType { kind: kind.clone() })
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Fanout => "fanout",
            Self::Topic => "topic",
            Self::Headers => "headers",
        }
    }
}
