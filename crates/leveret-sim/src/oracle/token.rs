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
    pub(super) came: Span,
    /// Whether a dead letter brought it, not its publish.
    pub(super) is_death: bool,
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
    /// Settled, if the channel had not failed before.
    Leaving {
        /// The record that says so.
        gone: Span,
        /// The engine has answered what came later on the channel.
        is_proven: bool,
        /// It goes to the dead-letter queue.
        is_dead: bool,
    },
    /// It must never be seen again.
    Gone,
}

/// Where among the records something stands: in none before the first, in none after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Span {
    /// From before all records: it is no news.
    pub(super) const BEFORE_ALL: Self = Self::at(0);

    pub(super) const fn at(lsn: u64) -> Self {
        Self { first: lsn, last: lsn }
    }

    /// The engine is not done with it: there is no telling how far it goes.
    pub(super) const fn from(first: u64) -> Self {
        Self { first, last: u64::MAX }
    }

    /// In the one or in the other, if this is known at all.
    pub(super) fn or(self, other: Self) -> Self {
        if self == Self::BEFORE_ALL {
            return other;
        }
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }

    pub(super) const fn is_open(self) -> bool {
        self.last == u64::MAX
    }
}

impl Token {
    pub(super) const fn new(is_certain: bool, came: Span) -> Self {
        Self {
            is_certain,
            acceptance: Acceptance::Unknown,
            came,
            is_death: false,
            seen: false,
            out: None,
            end: TokenEnd::Here,
        }
    }

    /// The engine is done with all that concerns it, by that record.
    pub(super) const fn close(&mut self, last: u64) {
        if self.came.is_open() {
            self.came.last = last;
        }
        if let TokenEnd::Leaving { gone, .. } = &mut self.end
            && gone.is_open()
        {
            gone.last = last;
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
