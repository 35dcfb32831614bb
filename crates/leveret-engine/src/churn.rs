//! What has come, gone and passed in a virtual host: plain numbers that only grow.

use crate::{arguments::QueueType, death::Reason};

/// The bounds, in bytes, by which [`Churn::sizes`] sorts bodies.
pub const SIZE_BOUNDS: [u64; 8] =
    [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000, 100_000_000];

/// What was counted since the engine was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Churn {
    /// Declarations of queues, those included that found what they wanted.
    pub queues_declared: u64,
    /// Queues that were made.
    pub queues_created: u64,
    /// Queues that are gone.
    pub queues_deleted: u64,
    /// Messages published on channels that confirm.
    pub published_to_confirm: u64,
    /// Queues that messages were routed to, by publishers.
    pub routed: u64,
    /// Dead letters of classic queues.
    pub dead_of_classic: DeadLetters,
    /// Dead letters of quorum queues.
    pub dead_of_quorum: DeadLetters,
    /// Bodies published, by the first of [`SIZE_BOUNDS`] that they do not exceed; the last of these
    /// are beyond all.
    pub sizes: [u64; 9],
    /// Bytes of them.
    pub size_bytes: u64,
}

/// Dead letters, by why they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeadLetters {
    /// A consumer refused the message.
    pub rejected: u64,
    /// The message was too old.
    pub expired: u64,
    /// The queue was too long.
    pub max_length: u64,
    /// It was delivered too often.
    pub delivery_limit: u64,
}

impl Churn {
    pub(crate) fn note_size(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let at = SIZE_BOUNDS.iter().take_while(|bound| bytes > **bound).count();
        if let Some(count) = self.sizes.get_mut(at) {
            *count += 1;
        }
        self.size_bytes = self.size_bytes.saturating_add(bytes);
    }

    pub(crate) fn note_death(&mut self, queue_type: QueueType, reason: Reason) {
        let dead = match queue_type {
            QueueType::Quorum => &mut self.dead_of_quorum,
            QueueType::Classic | QueueType::Stream => &mut self.dead_of_classic,
        };
        let count = match reason {
            Reason::Rejected => &mut dead.rejected,
            Reason::Expired => &mut dead.expired,
            Reason::MaxLength => &mut dead.max_length,
            Reason::DeliveryLimit => &mut dead.delivery_limit,
        };
        *count += 1;
    }

    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        for (of, more) in [
            (&mut self.queues_declared, other.queues_declared),
            (&mut self.queues_created, other.queues_created),
            (&mut self.queues_deleted, other.queues_deleted),
            (&mut self.published_to_confirm, other.published_to_confirm),
            (&mut self.routed, other.routed),
            (&mut self.size_bytes, other.size_bytes),
        ]
        .into_iter()
        .chain(self.sizes.iter_mut().zip(other.sizes))
        {
            *of = of.saturating_add(more);
        }
        self.dead_of_classic = self.dead_of_classic.plus(other.dead_of_classic);
        self.dead_of_quorum = self.dead_of_quorum.plus(other.dead_of_quorum);
        self
    }
}

impl DeadLetters {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            rejected: self.rejected.saturating_add(other.rejected),
            expired: self.expired.saturating_add(other.expired),
            max_length: self.max_length.saturating_add(other.max_length),
            delivery_limit: self.delivery_limit.saturating_add(other.delivery_limit),
        }
    }
}
