//! One channel: its mode, what was delivered on it, and how much may be.
//!
//! Knows nothing of queues but their numbers.

mod consumer;
mod mode;
mod prefetch;
mod replies;
mod stalled;
mod transaction;
mod unacked;

use alloc::collections::BTreeMap;

use leveret_protocol::{ChannelNumber, ShortStr, Timestamp};

pub(crate) use self::{
    consumer::{Consumer, Stall},
    mode::Mode,
    prefetch::Prefetch,
    replies::ReplyConsumer,
    stalled::Stalled,
    transaction::{Deed, PendingPublish, Settlement, TransactionLimits},
    unacked::{Deliveries, Delivery, Unacked, Verdict},
};
use crate::{
    counts::Counts,
    identity::{ConnectionId, ConsumerId, OpeningId},
};

/// A channel by its connection and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChannelKey {
    pub(crate) connection: ConnectionId,
    pub(crate) channel: ChannelNumber,
}

/// An open channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) opening: OpeningId,
    pub(crate) mode: Mode,
    pub(crate) unacked: Unacked,
    /// When somebody looks whether the oldest of them is too old.
    pub(crate) watched_at: Option<Timestamp>,
    pub(crate) prefetch: Prefetch,
    pub(crate) consumers: BTreeMap<ShortStr, ConsumerId>,
    pub(crate) replies: Option<ReplyConsumer>,
    /// The queue that an empty name stands for.
    pub(crate) last_queue: ShortStr,
    pub(crate) counts: Counts,
}

impl Channel {
    pub(crate) fn new(opening: OpeningId) -> Self {
        Self {
            opening,
            mode: Mode::Plain,
            unacked: Unacked::default(),
            watched_at: None,
            prefetch: Prefetch::default(),
            consumers: BTreeMap::new(),
            replies: None,
            last_queue: ShortStr::EMPTY,
            counts: Counts::default(),
        }
    }

    /// All that was counted, while so many publishes are not confirmed.
    pub(crate) const fn total(&self, unconfirmed: u64) -> Counts {
        let mut counts = self.counts;
        if let Mode::Confirm { published, refused } = self.mode {
            counts.confirm = published.saturating_sub(refused).saturating_sub(unconfirmed);
        }
        counts
    }
}
