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
    ready::{self, Ready},
};
use crate::message::{Letter, Message};

#[derive(Debug, Default)]
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
}

/// How much waits: messages, and the bytes of their bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Load {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

impl Load {
    pub(crate) fn of(letter: &Letter) -> Self {
        Self { messages: 1, bytes: u64::try_from(letter.body.len()).unwrap_or(u64::MAX) }
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.messages = self.messages.saturating_add(more.messages);
        self.bytes = self.bytes.saturating_add(more.bytes);
    }

    fn subtract(&mut self, less: Self) {
        self.messages = self.messages.saturating_sub(less.messages);
        self.bytes = self.bytes.saturating_sub(less.bytes);
    }
}

impl Backlog {
    /// Nothing waits; priorities count up to that one.
    pub(crate) fn with_priorities(max: u8) -> Self {
        Self { max, ..Self::default() }
    }

    /// Adds a message behind all others of its priority.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.lane_for(&entry.message).push(entry);
    }

    /// Puts a message back in its place.
    pub(crate) fn give_back(&mut self, entry: Entry) {
        self.lane_for(&entry.message).give_back(entry);
    }

    /// Puts a message before all others but those that were put there.
    pub(crate) fn give_back_first(&mut self, entry: Entry) {
        self.load.add(Load::of(&entry.message.letter));
        self.first.push_back(entry);
    }

    /// The next to be delivered.
    pub(crate) fn front(&self) -> Option<&Entry> {
        self.first.front().or_else(|| self.lane(self.top)?.front())
    }

    /// Takes the next to be delivered.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        let entry = match self.first.pop_front() {
            Some(entry) => entry,
            None => match self.top.checked_sub(1) {
                None => self.lowest.pop(),
                Some(at) => self.higher.get_mut(usize::from(at))?.pop(),
            }?,
        };
        self.load.subtract(Load::of(&entry.message.letter));
        while self.top > 0 && self.lane(self.top).is_none_or(Ready::is_empty) {
            self.top -= 1;
        }
        Some(entry)
    }

    /// Takes all.
    pub(crate) fn take(&mut self) -> Self {
        core::mem::replace(self, Self::with_priorities(self.max))
    }

    pub(crate) const fn load(&self) -> Load {
        self.load
    }

    pub(crate) fn len(&self) -> usize {
        usize::try_from(self.load.messages).unwrap_or(usize::MAX)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.load.messages == 0
    }

    /// All of them, in no order.
    pub(crate) fn into_entries(self) -> Drained {
        let (first, later) = (self.first.into_iter(), self.higher.into_iter());
        Drained { first, lane: self.lowest.into_entries(), later }
    }

    fn lane(&self, priority: u8) -> Option<&Ready> {
        match priority.checked_sub(1) {
            None => Some(&self.lowest),
            Some(at) => self.higher.get(usize::from(at)),
        }
    }

    /// The lane for one message more, which is counted.
    fn lane_for(&mut self, message: &Message) -> &mut Ready {
        self.load.add(Load::of(&message.letter));
        if self.max == 0 {
            return &mut self.lowest;
        }
        let priority = message.letter.properties.priority().unwrap_or_default().min(self.max);
        self.top = self.top.max(priority);
        while self.higher.len() < usize::from(priority) {
            self.higher.push(Ready::default());
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
    lane: ready::Drained,
    later: vec::IntoIter<Ready>,
}

impl Iterator for Drained {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if let Some(entry) = self.first.next() {
            return Some(entry);
        }
        loop {
            if let Some(entry) = self.lane.next() {
                return Some(entry);
            }
            self.lane = self.later.next()?.into_entries();
        }
    }
}
