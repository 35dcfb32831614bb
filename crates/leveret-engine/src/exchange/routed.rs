//! Where a message goes, as the exchanges say.

use alloc::vec::Vec;

use leveret_protocol::ShortStr;

use crate::identity::{ExchangeId, QueueId};

/// All places that a message reaches, each once.
#[derive(Debug, Default)]
pub(crate) struct Routed {
    pub(crate) queues: Vec<QueueId>,
    /// Names under which a client waits for direct replies.
    pub(crate) replies: Vec<ShortStr>,
    /// Exchanges that hold it back first, each for so many milliseconds.
    pub(crate) held: Vec<(ExchangeId, u64)>,
}

/// What a key of the default exchange names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named {
    Queue(QueueId),
    /// A client that waits for direct replies.
    Reply,
}

impl Routed {
    /// Whether nobody gets it now.
    pub(crate) const fn is_nowhere(&self) -> bool {
        self.queues.is_empty() && self.replies.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.queues.clear();
        self.replies.clear();
        self.held.clear();
    }

    pub(super) fn add(&mut self, key: &ShortStr, named: Option<Named>) {
        match named {
            Some(Named::Queue(queue)) => self.queues.push(queue),
            Some(Named::Reply) => self.replies.push(key.clone()),
            None => {}
        }
    }

    pub(super) fn make_unique(&mut self) {
        if self.queues.len() > 1 {
            self.queues.sort_unstable();
            self.queues.dedup();
        }
        if self.replies.len() > 1 {
            self.replies.sort_unstable();
            self.replies.dedup();
        }
    }
}
