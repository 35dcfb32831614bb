//! The messages of a queue that wait to be delivered: a lane for each priority.
//!
//! The highest lane that has something comes first; inside a lane the order is that of the
//! messages' numbers. A queue that looks at no priorities has one lane. Keeps true: `load` is
//! that of all lanes, and no lane above `top` has anything.

use alloc::{
    collections::{VecDeque, vec_deque},
    vec::{self, Vec},
};

use super::{
    Entry,
    ready::{Page, PageSpace, Ready, Refill, Remains, Remnant},
};
use crate::{
    identity::PageId,
    message::{Letter, Message},
};

#[derive(Debug)]
pub(crate) struct Backlog {
    /// What comes before all lanes, in this order.
    first: VecDeque<Entry>,
    /// Priority 0, which is the only one for most queues.
    lowest: Ready,
    /// The priorities from 1, as far as they were used.
    higher: Vec<Ready>,
    /// The highest priority that counts; a higher one counts as this.
    max: u8,
    /// The highest lane that has something; 0 if none has.
    top: u8,
    load: Load,
    /// A lane of which a page should be cut off.
    crowded: Option<u8>,
    space: PageSpace,
}

/// How much waits: messages, and the bytes of their bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Load {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

impl Load {
    pub(crate) fn of(letter: &Letter) -> Self {
        Self { messages: 1, bytes: letter.body_bytes() }
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.messages = self.messages.saturating_add(more.messages);
        self.bytes = self.bytes.saturating_add(more.bytes);
    }

    pub(crate) fn subtract(&mut self, less: Self) {
        self.messages = self.messages.saturating_sub(less.messages);
        self.bytes = self.bytes.saturating_sub(less.bytes);
    }
}

impl Backlog {
    /// Nothing waits; priorities count up to that one.
    pub(crate) fn new(max: u8, space: PageSpace) -> Self {
        Self {
            first: VecDeque::new(),
            lowest: Ready::new(space),
            higher: Vec::new(),
            max,
            top: 0,
            load: Load::default(),
            crowded: None,
            space,
        }
    }

    /// Adds a message behind all others of its priority.
    pub(crate) fn push(&mut self, entry: Entry) {
        let (priority, lane) = self.lane_for(&entry.message);
        lane.push(entry);
        if lane.is_crowded() {
            self.crowded = Some(priority);
        }
    }

    /// Puts a message back in its place.
    pub(crate) fn give_back(&mut self, entry: Entry) {
        self.lane_for(&entry.message).1.give_back(entry);
    }

    /// Puts a message before all others but those that were put there.
    pub(crate) fn give_back_first(&mut self, entry: Entry) {
        self.load.add(Load::of(&entry.message.letter));
        self.first.push_back(entry);
    }

    /// The next to be delivered, if it is in memory.
    pub(crate) fn front(&self) -> Option<&Entry> {
        self.first.front().or_else(|| self.lane(self.top)?.front())
    }

    /// All of them in the order in which they would be delivered, up to the first that is not in
    /// memory.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        let lanes = self.higher.iter().rev().chain(core::iter::once(&self.lowest));
        let mut is_whole = true;
        let lanes =
            lanes.take_while(move |lane| core::mem::replace(&mut is_whole, !lane.has_gap()));
        self.first.iter().chain(lanes.flat_map(Ready::iter))
    }

    /// Takes the next to be delivered; nothing if there is nothing, or if it is not in memory.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        let entry = match self.first.pop_front() {
            Some(entry) => entry,
            None => self.lane_mut(self.top)?.pop()?,
        };
        self.load.subtract(Load::of(&entry.message.letter));
        self.lower_top();
        Some(entry)
    }

    /// Takes all.
    pub(crate) fn take(&mut self) -> Self {
        core::mem::replace(self, Self::new(self.max, self.space))
    }

    pub(crate) const fn load(&self) -> Load {
        self.load
    }

    /// What of it is in pages.
    pub(crate) fn paged(&self) -> Load {
        let mut load = Load::default();
        for lane in self.higher.iter().chain(core::iter::once(&self.lowest)) {
            let (messages, bytes) = lane.paged();
            load.add(Load { messages, bytes });
        }
        load
    }

    pub(crate) fn len(&self) -> usize {
        usize::try_from(self.load.messages).unwrap_or(usize::MAX)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.load.messages == 0
    }

    /// All of it, in no order.
    pub(crate) fn into_remains(self) -> Drained {
        let (first, later) = (self.first.into_iter(), self.higher.into_iter());
        Drained { first, lane: self.lowest.into_remains(), later }
    }

    /// Whether a page should be cut off.
    pub(crate) const fn is_crowded(&self) -> bool {
        self.crowded.is_some()
    }

    /// Cuts a page off the lane that has become long.
    pub(crate) fn cut(&mut self, id: PageId) -> Option<(u8, &Page)> {
        let priority = self.crowded.take()?;
        let lane = self.lane_mut(priority)?;
        lane.cut(id);
        if lane.is_crowded() {
            self.crowded = Some(priority);
        }
        Some((priority, self.lane(priority)?.newest_page()?))
    }

    /// The page is stored. False if it was not wanted any more.
    pub(crate) fn stored(&mut self, lane: u8, id: PageId) -> bool {
        self.lane_mut(lane).is_some_and(|lane| lane.stored(id))
    }

    /// Whether [`refill`](Self::refill) may have something to do.
    pub(crate) fn is_low(&self) -> bool {
        self.lane(self.top).is_some_and(Ready::is_low)
    }

    /// Sees to it that what comes next is in memory; asks for it if that is not here.
    pub(crate) fn refill(&mut self) -> Option<Refill> {
        self.lane_mut(self.top)?.refill()
    }

    /// Whether that page is being read; and whether it was stored in an earlier life.
    pub(crate) fn awaits(&self, lane: u8, id: PageId) -> Option<bool> {
        let (awaited, is_recovered) = self.lane(lane)?.awaited()?;
        (awaited == id).then_some(is_recovered)
    }

    /// What is left of the page that was read; tells how many messages are missing.
    pub(crate) fn loaded(&mut self, lane: u8, entries: Vec<Entry>) -> u64 {
        let mut read = Load::default();
        for entry in &entries {
            read.add(Load::of(&entry.message.letter));
        }
        let Some(page) = self.lane_mut(lane).and_then(|lane| lane.loaded(entries)) else {
            return 0;
        };
        let was = Load { messages: page.count as u64, bytes: page.body_bytes };
        let missing = was.messages.saturating_sub(read.messages);
        self.load.subtract(was);
        self.load.add(read);
        self.lower_top();
        missing
    }

    /// Puts a page of an earlier life behind all others of its lane; they come before messages.
    pub(crate) fn restore_page(&mut self, lane: u8, page: Page) {
        self.load.add(Load { messages: page.count as u64, bytes: page.body_bytes });
        self.top = self.top.max(lane);
        self.make_lane(lane).restore_page(page);
    }

    /// Puts in a message of an earlier life; they come in order.
    pub(crate) fn restore(&mut self, entry: Entry) {
        let (priority, lane) = self.lane_for(&entry.message);
        lane.restore(entry);
        if lane.is_crowded() {
            self.crowded = Some(priority);
        }
    }

    fn lower_top(&mut self) {
        while self.top > 0 && self.lane(self.top).is_none_or(Ready::is_empty) {
            self.top -= 1;
        }
    }

    fn lane(&self, priority: u8) -> Option<&Ready> {
        match priority.checked_sub(1) {
            None => Some(&self.lowest),
            Some(at) => self.higher.get(usize::from(at)),
        }
    }

    fn lane_mut(&mut self, priority: u8) -> Option<&mut Ready> {
        match priority.checked_sub(1) {
            None => Some(&mut self.lowest),
            Some(at) => self.higher.get_mut(usize::from(at)),
        }
    }

    /// The lane for one message more, which is counted.
    fn lane_for(&mut self, message: &Message) -> (u8, &mut Ready) {
        self.load.add(Load::of(&message.letter));
        if self.max == 0 {
            return (0, &mut self.lowest);
        }
        let priority = message.letter.properties.priority().unwrap_or_default().min(self.max);
        self.top = self.top.max(priority);
        (priority, self.make_lane(priority))
    }

    fn make_lane(&mut self, priority: u8) -> &mut Ready {
        while self.higher.len() < usize::from(priority) {
            self.higher.push(Ready::new(self.space));
        }
        match priority.checked_sub(1).and_then(|at| self.higher.get_mut(usize::from(at))) {
            Some(lane) => lane,
            None => &mut self.lowest,
        }
    }
}

/// All that waited, in no order.
#[derive(Debug)]
pub(crate) struct Drained {
    first: vec_deque::IntoIter<Entry>,
    lane: Remains,
    later: vec::IntoIter<Ready>,
}

impl Iterator for Drained {
    type Item = Remnant;

    fn next(&mut self) -> Option<Remnant> {
        if let Some(entry) = self.first.next() {
            return Some(Remnant::Entry(entry));
        }
        loop {
            if let Some(remnant) = self.lane.next() {
                return Some(remnant);
            }
            self.lane = self.later.next()?.into_remains();
        }
    }
}
