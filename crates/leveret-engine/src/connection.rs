//! One connection: who it is, what it may still be sent, and what it owns.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use leveret_protocol::{ChannelNumber, ShortStr};

use crate::{
    channel::{Channel, Stalled},
    identity::{ConsumerId, QueueId},
    input::Capabilities,
    permissions::Authority,
};

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) user: ShortStr,
    /// Its name where it is traced.
    pub(crate) name: ShortStr,
    pub(crate) capabilities: Capabilities,
    pub(crate) authority: Authority,
    pub(crate) channels: BTreeMap<ChannelNumber, Channel>,
    /// Its exclusive queues.
    pub(crate) queues: BTreeSet<QueueId>,
    pub(crate) credit: Credit,
    /// Whether it is gone, and what it had not yet.
    pub(crate) is_leaving: bool,
}

/// How many bytes of deliveries the writer can take.
#[derive(Debug, Default)]
pub(crate) struct Credit {
    left: i64,
    /// Consumers that wait for more.
    stalled: Stalled,
}

impl Connection {
    pub(crate) fn new(user: ShortStr, capabilities: Capabilities, authority: Authority) -> Self {
        Self {
            user,
            name: ShortStr::EMPTY,
            capabilities,
            authority,
            channels: BTreeMap::new(),
            queues: BTreeSet::new(),
            credit: Credit::default(),
            is_leaving: false,
        }
    }
}

impl Credit {
    pub(crate) const fn is_left(&self) -> bool {
        self.left > 0
    }

    /// Whether no more than that is overdrawn.
    pub(crate) fn is_within(&self, overdraft: u64) -> bool {
        self.left > i64::try_from(overdraft).map_or(i64::MIN, i64::saturating_neg)
    }

    /// Uses some up; the last delivery may be larger than what is left.
    pub(crate) fn spend(&mut self, bytes: u64) {
        self.left = self.left.saturating_sub(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn stall(&mut self, consumer: ConsumerId) {
        self.stalled.push(consumer);
    }

    /// One that waits has ended.
    pub(crate) fn end_one(&mut self, exists: impl Fn(ConsumerId) -> bool) {
        self.stalled.end_one(exists);
    }

    /// Adds some, and gives back who waited for it.
    pub(crate) fn grant(&mut self, bytes: u64) -> Vec<ConsumerId> {
        self.left = self.left.saturating_add(i64::try_from(bytes).unwrap_or(i64::MAX));
        if self.is_left() { self.stalled.take() } else { Vec::new() }
    }
}
