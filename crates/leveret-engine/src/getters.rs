//! Who asked a queue for its next message before that was in memory.

use alloc::collections::{BTreeMap, VecDeque};

use crate::{
    channel::ChannelKey,
    identity::{OpeningId, QueueId},
    outbox::Slot,
};

/// A `basic.get` that waits for a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Getter {
    pub(crate) at: ChannelKey,
    pub(crate) opening: OpeningId,
    pub(crate) no_ack: bool,
    /// Taken when the answer got its place, so that tags go out in their order; unused if there is
    /// no message in the end.
    pub(crate) tag: u64,
    /// Where its answer goes among what the channel is sent.
    pub(crate) slot: Slot,
}

/// All of them by queue, in order. One channel has as many as it sent requests while a page was
/// read, which takes no longer than the disk.
#[derive(Debug, Default)]
pub(crate) struct Getters {
    waiting: BTreeMap<QueueId, VecDeque<Getter>>,
}

impl Getters {
    pub(crate) fn add(&mut self, queue: QueueId, getter: Getter) {
        self.waiting.entry(queue).or_default().push_back(getter);
    }

    /// Whose turn it is.
    pub(crate) fn first(&self, queue: QueueId) -> Option<Getter> {
        self.waiting.get(&queue)?.front().copied()
    }

    /// The first has been answered.
    pub(crate) fn remove_first(&mut self, queue: QueueId) {
        if let Some(waiting) = self.waiting.get_mut(&queue) {
            waiting.pop_front();
            if waiting.is_empty() {
                self.waiting.remove(&queue);
            }
        }
    }
}
