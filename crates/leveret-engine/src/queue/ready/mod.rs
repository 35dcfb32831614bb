//! The messages of a queue that wait to be delivered, in order of their numbers.
//!
//! Few of them are in memory: the head, which goes next, and the tail, which came last. What lies
//! between is in pages on the disk. A queue whose consumers keep up never leaves its head.

mod page;

use alloc::{
    collections::{BTreeMap, VecDeque, btree_map, vec_deque},
    vec,
    vec::Vec,
};
use core::iter::Chain;

pub(crate) use self::page::{Page, PageSpace};
use self::page::{PageState, Run};
use super::Entry;
use crate::identity::{MessageId, PageId};

/// New messages come at the end; returned ones go back to their place among the older.
#[derive(Debug)]
pub(super) struct Ready {
    space: PageSpace,
    returned: BTreeMap<MessageId, Entry>,
    head: Run,
    pages: VecDeque<Page>,
    tail: Run,
    /// Messages in pages.
    paged: usize,
}

/// What has to be done so that the head does not run dry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refill {
    /// The page is to be read.
    Load(PageId),
    /// The page was still being stored, and its messages are the head now.
    Forget(PageId),
}

/// All that was ready, in no order.
#[derive(Debug)]
pub(super) struct Remains {
    entries: Chain<btree_map::IntoValues<MessageId, Entry>, vec_deque::IntoIter<Entry>>,
    pages: vec::IntoIter<PageId>,
}

/// A part of it.
#[derive(Debug)]
pub(crate) enum Remnant {
    Entry(Entry),
    /// A page with what is in it, unless that was in memory as well.
    Page(PageId),
}

impl Iterator for Remains {
    type Item = Remnant;

    fn next(&mut self) -> Option<Remnant> {
        self.entries.next().map(Remnant::Entry).or_else(|| self.pages.next().map(Remnant::Page))
    }
}

/// Where the next message is.
enum Next {
    Returned,
    Head,
    Page,
    Nowhere,
}

impl Ready {
    pub(super) const fn new(space: PageSpace) -> Self {
        Self {
            space,
            returned: BTreeMap::new(),
            head: Run::new(),
            pages: VecDeque::new(),
            tail: Run::new(),
            paged: 0,
        }
    }

    /// How many messages are in pages, and the bytes of their bodies.
    pub(super) fn paged(&self) -> (u64, u64) {
        let bytes = self.pages.iter().map(|page| page.body_bytes).sum();
        (u64::try_from(self.paged).unwrap_or(u64::MAX), bytes)
    }

    pub(super) fn push(&mut self, entry: Entry) {
        if self.pages.is_empty() && self.tail.is_empty() && !self.head.fills(self.space) {
            self.head.push(entry);
        } else {
            self.tail.push(entry);
        }
    }

    /// Puts a message back in its place.
    pub(super) fn give_back(&mut self, entry: Entry) {
        self.returned.insert(entry.message.id, entry);
    }

    /// Takes what goes next; nothing if there is nothing, or if it is not in memory.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        match self.next() {
            Next::Returned => self.returned.pop_first().map(|(_, entry)| entry),
            Next::Head => {
                let entry = self.head.pop();
                self.close_gap();
                entry
            }
            Next::Page | Next::Nowhere => None,
        }
    }

    /// What [`pop`](Self::pop) would take.
    pub(super) fn front(&self) -> Option<&Entry> {
        match self.next() {
            Next::Returned => self.returned.first_key_value().map(|(_, entry)| entry),
            Next::Head => self.head.front(),
            Next::Page | Next::Nowhere => None,
        }
    }

    fn next(&self) -> Next {
        let returned = self.returned.first_key_value().map(|(id, _)| *id);
        let (fresh, place) = match (self.head.front(), self.pages.front()) {
            (Some(entry), _) => (Some(entry.message.id), Next::Head),
            (None, Some(page)) => (Some(page.first), Next::Page),
            (None, None) => (None, Next::Nowhere),
        };
        match (returned, fresh) {
            (Some(old), Some(new)) if new < old => place,
            (Some(_), _) => Next::Returned,
            (None, _) => place,
        }
    }

    /// All of them in order, up to the first that is not in memory.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        let gap = self.gap();
        let is_before = move |entry: &&Entry| gap.is_none_or(|first| entry.message.id < first);
        let paged = self.pages.iter().flat_map(Page::entries);
        let fresh = self.head.iter().chain(paged).chain(self.tail.iter());
        let mut fresh = fresh.take_while(is_before).peekable();
        let mut returned = self.returned.values().take_while(is_before).peekable();
        core::iter::from_fn(move || match (returned.peek(), fresh.peek()) {
            (Some(old), Some(new)) if new.message.id < old.message.id => fresh.next(),
            (Some(_), _) => returned.next(),
            (None, _) => fresh.next(),
        })
    }

    /// Whether some are not in memory.
    pub(super) fn has_gap(&self) -> bool {
        self.gap().is_some()
    }

    /// The first that is not in memory.
    fn gap(&self) -> Option<MessageId> {
        self.pages.iter().find(|page| !page.is_in_memory()).map(|page| page.first)
    }

    pub(super) fn len(&self) -> usize {
        self.returned.len() + self.head.len() + self.paged + self.tail.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether so many came last that they should be cut off into a page.
    pub(super) fn is_crowded(&self) -> bool {
        self.tail.fills(self.space)
    }

    /// Cuts the oldest of the tail off into a page that is to be stored.
    pub(super) fn cut(&mut self, id: PageId) {
        if let Some(page) = self.tail.cut(self.space).and_then(|run| Page::storing(id, run)) {
            self.paged += page.count;
            self.pages.push_back(page);
        }
    }

    pub(super) fn newest_page(&self) -> Option<&Page> {
        self.pages.back()
    }

    /// The page is stored: what is in it is forgotten here. False if it was not wanted any more.
    pub(super) fn stored(&mut self, id: PageId) -> bool {
        let is_it = |page: &&mut Page| page.id == id;
        let Some(page) = self.pages.iter_mut().find(is_it) else { return false };
        let is_awaited = matches!(page.state, PageState::Storing(_));
        if is_awaited {
            page.state = PageState::Stored;
        }
        is_awaited
    }

    /// Whether [`refill`](Self::refill) may have something to do.
    pub(super) fn is_low(&self) -> bool {
        let has_more = !self.pages.is_empty() || !self.tail.is_empty();
        has_more && self.head.is_low(self.space)
    }

    /// Fills the head from what comes after it, as far as that is in memory; asks for it if not.
    pub(super) fn refill(&mut self) -> Option<Refill> {
        if !self.is_low() {
            return None;
        }
        let Some(page) = self.pages.front_mut() else {
            self.head.append(&mut self.tail);
            return None;
        };
        let id = page.id;
        match &mut page.state {
            PageState::Loading => None,
            PageState::Stored => {
                page.state = PageState::Loading;
                Some(Refill::Load(id))
            }
            PageState::Storing(entries) => {
                self.head.append(entries);
                self.paged -= page.count;
                self.pages.pop_front();
                Some(Refill::Forget(id))
            }
        }
    }

    /// The first page, which is being read; whether it was stored in an earlier life.
    pub(super) fn awaited(&self) -> Option<(PageId, bool)> {
        let page = self.pages.front()?;
        matches!(page.state, PageState::Loading).then_some((page.id, page.is_recovered))
    }

    /// Puts what is left of the first page, which was read, in its place.
    pub(super) fn loaded(&mut self, entries: Vec<Entry>) -> Option<Page> {
        let page = self.pages.pop_front()?;
        self.paged -= page.count;
        for entry in entries {
            self.head.push(entry);
        }
        self.close_gap();
        Some(page)
    }

    /// With nothing before it, the tail is the head.
    fn close_gap(&mut self) {
        if self.head.is_empty() && self.pages.is_empty() {
            core::mem::swap(&mut self.head, &mut self.tail);
        }
    }

    /// Puts a page of an earlier life behind all others; they come in order, and before messages.
    pub(super) fn restore_page(&mut self, page: Page) {
        self.paged += page.count;
        self.pages.push_back(page);
    }

    /// Puts in a message of an earlier life; they come in order.
    pub(super) fn restore(&mut self, entry: Entry) {
        let id = entry.message.id;
        match (self.pages.front(), self.pages.back()) {
            (Some(first), _) if id < first.first => self.head.push(entry),
            (_, Some(last)) if id <= last.last => self.give_back(entry),
            (_, _) => self.push(entry),
        }
    }

    pub(super) fn into_remains(self) -> Remains {
        let Self { returned, mut head, pages, mut tail, .. } = self;
        let mut ids = Vec::with_capacity(pages.len());
        for page in pages {
            ids.push(page.id);
            if let PageState::Storing(mut entries) = page.state {
                head.append(&mut entries);
            }
        }
        head.append(&mut tail);
        let entries = returned.into_values().chain(head.into_entries());
        Remains { entries, pages: ids.into_iter() }
    }
}
