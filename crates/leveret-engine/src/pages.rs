//! Which pages there are, and which of their messages have to survive.
//!
//! Where a page stands among the messages of its queue is the queue's own matter.

use alloc::collections::{BTreeMap, BTreeSet};

use leveret_protocol::Timestamp;

use crate::{
    identity::{Lsn, MessageId, PageId, QueueId},
    message::Letter,
    record::PageIds,
};

/// A page.
#[derive(Debug)]
pub(crate) struct PageRecord {
    pub(crate) queue: QueueId,
    pub(crate) lane: u8,
    /// The newest record, of this life, before which one of its messages is not seen.
    pub(crate) newest: Lsn,
    /// What of it has to survive; nothing, if it is only there to save memory.
    pub(crate) kept: Option<Kept>,
    /// How large it is, once all that is needed of it is in memory.
    pub(crate) weight: Option<Weight>,
}

/// How large a page on the disk is, and how much of that is needed.
#[derive(Debug)]
pub(crate) struct Weight {
    stored: usize,
    alive: usize,
    /// When the page is to be made smaller.
    pub(crate) due: Option<Timestamp>,
}

/// What a message takes in a page beside its content, about.
const LINE_BYTES: usize = 32;

/// A page is thin when less than one part in so many is needed.
const THIN_SHARE: usize = 4;

impl Weight {
    /// A page of that size, of which nothing is needed.
    pub(crate) const fn of(stored: usize) -> Self {
        Self { stored, alive: 0, due: None }
    }

    /// One more message is needed.
    pub(crate) fn add(&mut self, letter: &Letter) {
        self.alive = self.alive.saturating_add(letter.content_bytes() + LINE_BYTES);
    }

    /// One more is not.
    pub(crate) fn subtract(&mut self, letter: &Letter) {
        self.alive = self.alive.saturating_sub(letter.content_bytes() + LINE_BYTES);
    }

    /// Whether there is little left of it, and at least so much to be won.
    pub(crate) const fn is_thin(&self, waste_min: usize) -> bool {
        self.alive < self.stored / THIN_SHARE && self.stored - self.alive >= waste_min
    }

    /// It is made smaller.
    pub(crate) const fn shrink(&mut self) {
        self.stored = self.alive;
    }
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
