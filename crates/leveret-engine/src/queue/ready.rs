//! The messages of a queue that wait to be delivered, in order of their numbers.

use alloc::collections::{BTreeMap, VecDeque, btree_map, vec_deque};
use core::iter::Chain;

use super::Entry;
use crate::identity::MessageId;

/// New messages come at the end; returned ones go back to their place among the older.
#[derive(Debug, Default)]
pub(super) struct Ready {
    fresh: VecDeque<Entry>,
    returned: BTreeMap<MessageId, Entry>,
}

/// All of them, in no order.
pub(super) type Drained =
    Chain<btree_map::IntoValues<MessageId, Entry>, vec_deque::IntoIter<Entry>>;

impl Ready {
    pub(super) fn push(&mut self, entry: Entry) {
        self.fresh.push_back(entry);
    }

    /// Puts a message back in its place.
    pub(super) fn give_back(&mut self, entry: Entry) {
        self.returned.insert(entry.message.id, entry);
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let returned = self.returned.first_key_value().map(|(id, _)| *id);
        let fresh = self.fresh.front().map(|entry| entry.message.id);
        match (returned, fresh) {
            (None, _) => self.fresh.pop_front(),
            (Some(old), Some(new)) if new < old => self.fresh.pop_front(),
            (Some(_), _) => self.returned.pop_first().map(|(_, entry)| entry),
        }
    }

    /// The next to be taken.
    pub(super) fn front(&self) -> Option<&Entry> {
        match (self.returned.first_key_value(), self.fresh.front()) {
            (None, fresh) => fresh,
            (Some((old, _)), Some(new)) if new.message.id < *old => Some(new),
            (Some((_, returned)), _) => Some(returned),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.returned.is_empty()
    }

    pub(super) fn into_entries(self) -> Drained {
        self.returned.into_values().chain(self.fresh)
    }
}
