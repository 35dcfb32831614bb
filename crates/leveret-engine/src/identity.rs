//! The numbers by which the engine knows things.
//!
//! One counter numbers queues, exchanges, bindings, messages and pages, and none is given twice while
//! a record of it may exist: so a message's number is also its place in every queue, and a
//! queue declared anew under an old name is another queue.

use core::fmt;

/// A connection, as numbered by the caller; never used again for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The number of a record: from 1, without gaps; 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lsn(pub u64);

impl Lsn {
    /// The number of the record after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An exchange, for as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ExchangeId(pub(crate) u64);

/// A queue, for as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct QueueId(pub(crate) u64);

/// A binding, for as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BindingId(pub(crate) u64);

/// A message, and its place in each queue that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MessageId(pub(crate) u64);

/// A page: messages of one queue that wait on the disk, outside the log; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageId(pub u64);

impl fmt::Display for PageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A consumer, for as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConsumerId(pub(crate) u64);

/// One opening of a channel: a number opened again is another opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OpeningId(pub(crate) u64);

/// The counter behind all of them.
#[derive(Debug, Default)]
pub(crate) struct Serials {
    last: u64,
}

impl Serials {
    /// A counter that gives no number up to `last`.
    pub(crate) const fn after(last: u64) -> Self {
        Self { last }
    }

    /// The number given last.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// A number that was not given before.
    pub(crate) const fn next(&mut self) -> u64 {
        self.last = self.last.saturating_add(1);
        self.last
    }
}
