//! The types of exchange.

use leveret_protocol::{FieldTable, FieldValue, ShortStr};

use crate::error::DeclareError;

/// How an exchange compares a message with its bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExchangeKind {
    Direct,
    Fanout,
    Topic,
    Headers,
    /// One binding, by a hash: the same one for the same key while it is there.
    ConsistentHash,
    /// One binding, by a hash modulo their number.
    ModulusHash,
    /// One binding, by chance.
    Random,
    /// The same, of bindings to classic queues only.
    LocalRandom,
    /// Holds messages back for as long as they ask, then routes them as another type.
    Delayed,
}

impl ExchangeKind {
    const ALL: [Self; 9] = [
        Self::Direct,
        Self::Fanout,
        Self::Topic,
        Self::Headers,
        Self::ConsistentHash,
        Self::ModulusHash,
        Self::Random,
        Self::LocalRandom,
        Self::Delayed,
    ];

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
            Self::ConsistentHash => "x-consistent-hash",
            Self::ModulusHash => "x-modulus-hash",
            Self::Random => "x-random",
            Self::LocalRandom => "x-local-random",
            Self::Delayed => "x-delayed-message",
        }
    }

    /// The type by which such an exchange routes: its own, or the one that its argument
    /// `x-delayed-type` names.
    pub(crate) fn routes_as(self, arguments: &FieldTable) -> Result<Self, DeclareError> {
        if self != Self::Delayed {
            return Ok(self);
        }
        let Some(FieldValue::LongString(kind)) = arguments.get("x-delayed-type") else {
            return Err(DeclareError::DelayedType);
        };
        let kind = Self::parse(&ShortStr::new(kind).unwrap_or_default())?;
        if kind == Self::Delayed { Err(DeclareError::DelayedType) } else { Ok(kind) }
    }
}
