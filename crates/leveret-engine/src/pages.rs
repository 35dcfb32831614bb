//! Which pages there are, and which of their messages have to survive.
//!
//! Where a page stands among the messages of its queue is the queue's own matter.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::{
    identity::{Lsn, MessageId, PageId, QueueId},
    record::PageIds,
};

/// A page.
#[derive(Debug)]
pub(crate) struct PageRecord {
    pub(crate) queue: QueueId,
    pub(crate) lane: u8,
    /// The newest record, of this life, that put one of its messages on disk.
    pub(crate) newest: Lsn,
    /// What of it has to survive; nothing, if it is only there to save memory.
    pub(crate) kept: Option<Kept>,
}

/// The messages of a page that have to survive.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The newest record that says so; before it the log still has them.
    pub(crate) recorded: Option<Lsn>,
    /// How large their bodies are; 0 once one is settled, for nobody knows how large that was.
    pub(crate) bytes: u64,
    ids: PageIds,
    /// Once one may be settled: those that are not.
    alive: Option<BTreeSet<MessageId>>,
}

/// All pages by number.
pub(crate) type Pages = BTreeMap<PageId, PageRecord>;

impl Kept {
    pub(crate) const fn new(ids: PageIds, bytes: u64, recorded: Option<Lsn>) -> Self {
        Self { recorded, bytes, ids, alive: None }
    }

    /// Those that are not settled.
    pub(crate) fn ids(&self) -> PageIds {
        match &self.alive {
            Some(alive) => alive.iter().copied().collect(),
            None => self.ids.clone(),
        }
    }

    pub(crate) fn has(&mut self, id: MessageId) -> bool {
        self.alive().contains(&id)
    }

    /// One is settled; false if it is none of them.
    pub(crate) fn settle(&mut self, id: MessageId) -> bool {
        let was_alive = self.alive().remove(&id);
        if was_alive {
            self.bytes = 0;
        }
        was_alive
    }

    /// Whether all are settled.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.alive().is_empty()
    }

    fn alive(&mut self) -> &mut BTreeSet<MessageId> {
        self.alive.get_or_insert_with(|| core::mem::take(&mut self.ids).iter().collect())
    }
}
