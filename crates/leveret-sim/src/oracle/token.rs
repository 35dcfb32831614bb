//! What is known of one message in one queue.

use super::letter::LetterId;
use crate::topology::QueueIndex;

/// Openings are numbered over all channels: a number opened again is another opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpeningNumber(pub(super) u64);

/// A message in a queue.
pub(crate) type TokenKey = (LetterId, QueueIndex);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Whether it must have come there, once it is accepted.
    pub(super) is_certain: bool,
    pub(super) acceptance: Acceptance,
    /// The record that brought it.
    pub(super) lsn: u64,
    /// Whether somebody has seen it.
    pub(super) seen: bool,
    /// Delivered there and not settled.
    pub(super) out: Option<(OpeningNumber, u64)>,
    pub(super) end: TokenEnd,
}

/// What the engine has said of a publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Acceptance {
    /// Nothing yet.
    Unknown,
    /// It has answered what came later on the channel.
    Taken,
    /// It has promised to keep it: by a confirm or a commit-ok.
    Promised,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenEnd {
    Here,
    /// Settled; written by that record, if the channel had not failed before.
    Leaving {
        lsn: u64,
        /// The engine has answered what came later on the channel.
        is_proven: bool,
        /// It goes to the dead-letter queue.
        is_dead: bool,
    },
    /// It must never be seen again.
    Gone,
}

impl Token {
    pub(super) const fn new(is_certain: bool, lsn: u64) -> Self {
        Self {
            is_certain,
            acceptance: Acceptance::Unknown,
            lsn,
            seen: false,
            out: None,
            end: TokenEnd::Here,
        }
    }

    pub(super) fn accept(&mut self, acceptance: Acceptance) {
        self.acceptance = self.acceptance.max(acceptance);
    }

    /// Whether it must be in memory.
    pub(super) fn must_be_held(&self) -> bool {
        self.is_certain && self.acceptance != Acceptance::Unknown && self.end == TokenEnd::Here
    }

    /// Whether its settlement counts for sure.
    pub(super) const fn has_left(&self) -> bool {
        match self.end {
            TokenEnd::Gone => true,
            TokenEnd::Leaving { is_proven, .. } => is_proven,
            TokenEnd::Here => false,
        }
    }
}
