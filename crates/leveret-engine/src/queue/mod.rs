//! One queue: what is ready, and who is willing to take it.
//!
//! Knows nothing of exchanges, channels or the disk. What was delivered and not yet settled is
//! with the channel it was delivered on.

mod catalogue;
mod ready;
mod ring;

use alloc::sync::Arc;

use leveret_protocol::{FieldTable, ShortStr, Timestamp};

pub(crate) use self::{
    catalogue::Queues,
    ready::{Drained, Ready},
    ring::ConsumerRing,
};
use crate::{
    arguments::QueueSettings,
    identity::{ConnectionId, Lsn, QueueId},
    message::Message,
};

/// What a queue is declared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueSpec {
    pub(crate) name: ShortStr,
    pub(crate) durable: bool,
    pub(crate) auto_delete: bool,
    /// The connection that has it for itself.
    pub(crate) owner: Option<ConnectionId>,
    pub(crate) arguments: FieldTable,
}

impl QueueSpec {
    /// Whether it survives a restart: an exclusive queue dies with its connection, which the
    /// restart ends.
    pub(crate) const fn is_recorded(&self) -> bool {
        self.durable && self.owner.is_none()
    }
}

/// A queue.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) id: QueueId,
    pub(crate) spec: QueueSpec,
    pub(crate) settings: QueueSettings,
    /// Its newest record, if it has one.
    pub(crate) recorded: Option<Lsn>,
    pub(crate) ready: Ready,
    pub(crate) consumers: ConsumerRing,
    /// Returns under way: until they are done, nothing is delivered that came later.
    pub(crate) returns: usize,
    pub(crate) idle: Idle,
}

/// Since when a queue is unused, for those that go when they are.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    /// When it was used last.
    pub(crate) since: Timestamp,
    /// When its timer is due.
    pub(crate) armed: Option<Timestamp>,
}

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) message: Arc<Message>,
    pub(crate) redelivered: bool,
}

impl Queue {
    pub(crate) fn new(
        id: QueueId,
        spec: QueueSpec,
        settings: QueueSettings,
        recorded: Option<Lsn>,
    ) -> Self {
        Self {
            id,
            spec,
            settings,
            recorded,
            ready: Ready::default(),
            consumers: ConsumerRing::default(),
            returns: 0,
            idle: Idle::default(),
        }
    }

    /// Whether this queue's copy of the message is on record.
    pub(crate) fn keeps(&self, message: &Message) -> bool {
        message.letter.persistent && self.spec.is_recorded()
    }

    /// Whether only another connection may use it.
    pub(crate) fn is_locked_for(&self, connection: ConnectionId) -> bool {
        self.spec.owner.is_some_and(|owner| owner != connection)
    }

    pub(crate) fn can_deliver(&self) -> bool {
        self.returns == 0 && !self.ready.is_empty()
    }
}
