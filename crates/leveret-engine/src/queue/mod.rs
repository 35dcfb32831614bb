//! One queue: what is ready, and who is willing to take it.
//!
//! Knows nothing of exchanges, channels or the disk. What was delivered and not yet settled is
//! with the channel it was delivered on.

mod backlog;
mod catalogue;
mod entry;
mod ready;
mod ring;

use alloc::sync::Arc;

use leveret_protocol::{FieldTable, ShortStr, Timestamp};

pub(crate) use self::{
    backlog::{Backlog, Drained, Load},
    catalogue::Queues,
    entry::{Entry, Expiry},
    ready::{Page, PageSpace, Refill, Remnant},
    ring::{ConsumerRing, Succession},
};
use crate::{
    arguments::{Overflow, QueueSettings, QueueType},
    counts::Counts,
    identity::{ConnectionId, Lsn, QueueId},
    message::{Letter, Message},
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
    pub(crate) ready: Backlog,
    pub(crate) consumers: ConsumerRing,
    /// Returns under way: until they are done, nothing is delivered that came later.
    pub(crate) returns: usize,
    pub(crate) idle: Idle,
    /// When the timer for its next message is due.
    pub(crate) front_armed: Option<Timestamp>,
    /// Whether a task is to go on with it.
    pub(crate) is_work: bool,
    /// What was delivered or got, and is not settled.
    pub(crate) unacked: Load,
    pub(crate) counts: Counts,
}

/// Since when a queue is unused, for those that go when they are.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    /// When it was used last.
    pub(crate) since: Timestamp,
    /// When its timer is due.
    pub(crate) armed: Option<Timestamp>,
}

impl Queue {
    pub(crate) fn new(
        id: QueueId,
        spec: QueueSpec,
        settings: QueueSettings,
        recorded: Option<Lsn>,
        space: PageSpace,
    ) -> Self {
        let consumers = if settings.single_active_consumer {
            ConsumerRing::single(match settings.queue_type {
                QueueType::Quorum => Succession::ByPriority,
                QueueType::Classic | QueueType::Stream => Succession::OnLeave,
            })
        } else {
            ConsumerRing::default()
        };
        Self {
            id,
            spec,
            ready: Backlog::new(settings.max_priority.unwrap_or_default(), space),
            settings,
            recorded,
            consumers,
            returns: 0,
            idle: Idle::default(),
            front_armed: None,
            is_work: false,
            unacked: Load::default(),
            counts: Counts::default(),
        }
    }

    /// Adds a message at the end, or behind those of its priority; tells when it expires here.
    pub(crate) fn push(&mut self, message: Arc<Message>, redelivered: bool) -> Expiry {
        let entry = self.entry(message, redelivered);
        let expiry = entry.expiry;
        self.counts.publish += 1;
        self.ready.push(entry);
        expiry
    }

    /// A message as it is in this queue.
    pub(crate) fn entry(&self, message: Arc<Message>, redelivered: bool) -> Entry {
        let expiry = self.expiry_of(&message);
        Entry { message, expiry, redelivered }
    }

    /// RabbitMQ: the shorter life counts, that of the queue's messages or that of this one.
    fn expiry_of(&self, message: &Message) -> Expiry {
        let life = match (self.settings.message_ttl, message.letter.life()) {
            (Some(one), Some(other)) => one.min(other),
            (Some(life), None) | (None, Some(life)) => life,
            (None, None) => return Expiry::NEVER,
        };
        Expiry::at(message.posted_at.saturating_add(life))
    }

    /// Whether this queue's copy of the message is on record.
    pub(crate) fn keeps(&self, message: &Message) -> bool {
        message.letter.persistent && self.spec.is_recorded()
    }

    /// Whether more waits than may, and the queue gives up what is too much.
    pub(crate) fn is_over_length(&self) -> bool {
        self.settings.overflow == Overflow::DropHead && self.has_no_room(Load::default())
    }

    /// Whether there is nothing to be done about what waits, but to deliver it.
    pub(crate) fn is_at_rest(&self, now: Timestamp) -> bool {
        let is_young =
            |entry: &Entry| !entry.expiry.has_come(now) && !self.is_to_watch(entry.expiry);
        self.ready.front().is_none_or(is_young)
            && !self.is_over_length()
            && !self.ready.is_crowded()
            && !self.ready.is_low()
    }

    /// Whether the queue does not take that message, for it would be over its length.
    pub(crate) fn refuses(&self, letter: &Letter) -> bool {
        self.settings.refuses_at_limit() && self.has_no_room(Load::of(letter))
    }

    /// Whether so much more would be over its length.
    pub(crate) fn has_no_room(&self, more: Load) -> bool {
        let held = self.ready.load();
        self.settings.max_length.is_some_and(|max| held.messages + more.messages > max)
            || self
                .settings
                .max_length_bytes
                .is_some_and(|max| held.bytes.saturating_add(more.bytes) > max)
    }

    /// Whether a message that expires then may be the first to, as far as the timer knows.
    pub(crate) fn is_to_watch(&self, expiry: Expiry) -> bool {
        let is_earlier = |due| self.front_armed.is_none_or(|armed| due < armed);
        expiry.time().is_some_and(is_earlier)
    }

    /// Whether only another connection may use it.
    pub(crate) fn is_locked_for(&self, connection: ConnectionId) -> bool {
        self.spec.owner.is_some_and(|owner| owner != connection)
    }

    pub(crate) fn can_deliver(&self) -> bool {
        self.returns == 0 && self.ready.front().is_some()
    }
}
