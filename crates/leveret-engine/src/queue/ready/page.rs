//! Pages of a queue, and the runs of messages they are made of.

use alloc::collections::{VecDeque, vec_deque};

use crate::{
    identity::{MessageId, PageId},
    options::Limits,
    queue::Entry,
};

/// How much goes into a page, and into the head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageSpace {
    messages: usize,
    bytes: usize,
}

/// More messages than this are never in one page.
pub(crate) const MESSAGES_MAX: usize = 1 << 20;

impl PageSpace {
    pub(crate) fn of(limits: &Limits) -> Self {
        let messages = match limits.page_messages_max {
            usize::MAX => usize::MAX,
            messages => messages.clamp(1, MESSAGES_MAX),
        };
        Self { messages, bytes: limits.page_bytes_max.max(1) }
    }
}

/// Messages of one queue that wait outside the log; some came before them, some after.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) id: PageId,
    pub(crate) count: usize,
    pub(crate) first: MessageId,
    pub(crate) last: MessageId,
    /// What a limit on length counts.
    pub(crate) body_bytes: u64,
    /// Whether it was stored before the last restart.
    pub(crate) is_recovered: bool,
    pub(super) state: PageState,
}

#[derive(Debug)]
pub(super) enum PageState {
    /// Not known to be on the disk: its messages are still here, and can be taken as they are.
    Storing(Run),
    Stored,
    Loading,
}

impl Page {
    pub(super) fn storing(id: PageId, entries: Run) -> Option<Self> {
        let (first, last) = (entries.front()?.message.id, entries.back()?.message.id);
        let body_bytes = entries.iter().map(|entry| entry.message.letter.body_bytes()).sum();
        let (count, state) = (entries.len(), PageState::Storing(entries));
        Some(Self { id, count, first, last, body_bytes, is_recovered: false, state })
    }

    /// A page that an earlier life stored.
    pub(crate) const fn recovered(
        id: PageId,
        count: usize,
        (first, last): (MessageId, MessageId),
        body_bytes: u64,
    ) -> Self {
        let state = PageState::Stored;
        Self { id, count, first, last, body_bytes, is_recovered: true, state }
    }

    /// How large they are, as long as they are in memory.
    pub(crate) const fn content_bytes(&self) -> usize {
        match &self.state {
            PageState::Storing(entries) => entries.bytes,
            PageState::Stored | PageState::Loading => 0,
        }
    }

    pub(crate) const fn is_in_memory(&self) -> bool {
        matches!(self.state, PageState::Storing(_))
    }

    /// Its messages, as long as they are in memory.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        match &self.state {
            PageState::Storing(entries) => Some(entries.iter()),
            PageState::Stored | PageState::Loading => None,
        }
        .into_iter()
        .flatten()
    }
}

/// Messages one behind the other, and how large they are.
#[derive(Debug, Default)]
pub(crate) struct Run {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Run {
    pub(super) const fn new() -> Self {
        Self { entries: VecDeque::new(), bytes: 0 }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.message.letter.content_bytes();
        self.entries.push_back(entry);
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.bytes -= entry.message.letter.content_bytes();
        Some(entry)
    }

    pub(super) fn append(&mut self, other: &mut Self) {
        self.bytes += core::mem::take(&mut other.bytes);
        self.entries.append(&mut other.entries);
    }

    /// Takes the first out, as many as fill a page; nothing if there are none.
    pub(super) fn cut(&mut self, space: PageSpace) -> Option<Self> {
        let mut page = Self::default();
        while !page.fills(space)
            && let Some(entry) = self.pop()
        {
            page.push(entry);
        }
        (!page.is_empty()).then_some(page)
    }

    pub(super) fn fills(&self, space: PageSpace) -> bool {
        self.entries.len() >= space.messages || self.bytes >= space.bytes
    }

    /// Whether it is less than half of what fills a page.
    pub(super) fn is_low(&self, space: PageSpace) -> bool {
        self.entries.len() <= space.messages / 2 && self.bytes <= space.bytes / 2
    }

    pub(super) fn front(&self) -> Option<&Entry> {
        self.entries.front()
    }

    pub(super) fn back(&self) -> Option<&Entry> {
        self.entries.back()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn iter(&self) -> vec_deque::Iter<'_, Entry> {
        self.entries.iter()
    }

    pub(super) fn into_entries(self) -> vec_deque::IntoIter<Entry> {
        self.entries.into_iter()
    }
}
