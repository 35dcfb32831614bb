//! What has come, gone and passed in a virtual host: plain numbers that only grow.

use crate::death::Reason;

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
    /// Dead letters because a consumer refused the message.
    pub dead_rejected: u64,
    /// Dead letters because the message was too old.
    pub dead_expired: u64,
    /// Dead letters because the queue was too long.
    pub dead_max_length: u64,
    /// Dead letters because it was delivered too often.
    pub dead_delivery_limit: u64,
    /// Bodies published, by the first of [`SIZE_BOUNDS`] that they do not exceed; the last of these
    /// are beyond all.
    pub sizes: [u64; 9],
    /// Bytes of them.
    pub size_bytes: u64,
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

    pub(crate) fn note_death(&mut self, reason: Reason) {
        let count = match reason {
            Reason::Rejected => &mut self.dead_rejected,
            Reason::Expired => &mut self.dead_expired,
            Reason::MaxLength => &mut self.dead_max_length,
            Reason::DeliveryLimit => &mut self.dead_delivery_limit,
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
            (&mut self.dead_rejected, other.dead_rejected),
            (&mut self.dead_expired, other.dead_expired),
            (&mut self.dead_max_length, other.dead_max_length),
            (&mut self.dead_delivery_limit, other.dead_delivery_limit),
            (&mut self.size_bytes, other.size_bytes),
        ]
        .into_iter()
        .chain(self.sizes.iter_mut().zip(other.sizes))
        {
            *of = of.saturating_add(more);
        }
        self
    }
}
