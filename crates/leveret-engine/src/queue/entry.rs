//! A message in a queue.

use alloc::sync::Arc;

use leveret_protocol::Timestamp;

use crate::message::Message;

/// What one queue knows of a message, which other queues may have as well.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) message: Arc<Message>,
    pub(crate) expiry: Expiry,
    pub(crate) redelivered: bool,
}

/// When a message is too old to be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expiry(Timestamp);

impl Expiry {
    pub(crate) const NEVER: Self = Self(Timestamp::from_millis(u64::MAX));

    pub(crate) const fn at(at: Timestamp) -> Self {
        Self(at)
    }

    /// The time, unless it never comes.
    pub(crate) fn time(self) -> Option<Timestamp> {
        (self != Self::NEVER).then_some(self.0)
    }

    /// Whether the time has come.
    pub(crate) fn has_come(self, now: Timestamp) -> bool {
        self.0 <= now
    }

    /// Whether the time has come and is gone: at the time itself it may still be delivered, if
    /// that can be done at once.
    pub(crate) fn is_past(self, now: Timestamp) -> bool {
        self.0 < now
    }
}
