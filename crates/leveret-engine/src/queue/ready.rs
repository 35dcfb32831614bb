//! The messages of a queue that wait to be delivered, in order of their numbers.

use alloc::collections::{BTreeMap, VecDeque, btree_map, vec_deque};
use core::iter::Chain;

use super::Entry;
use crate::identity::MessageId;

/// New messages come at the end; returned ones go back to their place among the older.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    fresh: VecDeque<Entry>,
    returned: BTreeMap<MessageId, Entry>,
}

/// All of them, in no order.
pub(crate) type Drained =
    Chain<btree_map::IntoValues<MessageId, Entry>, vec_deque::IntoIter<Entry>>;

impl Ready {
    pub(crate) fn push(&mut self, entry: Entry) {
        self.fresh.push_back(entry);
    }

    /// Puts a message back in its place.
    pub(crate) fn give_back(&mut self, entry: Entry) {
        self.returned.insert(entry.message.id, entry);
    }

    pub(crate) fn pop(&mut self) -> Option<Entry> {
        let returned = self.returned.first_key_value().map(|(id, _)| *id);
        let fresh = self.fresh.front().map(|entry| entry.message.id);
        match (returned, fresh) {
            (None, _) => self.fresh.pop_front(),
            (Some(old), Some(new)) if new < old => self.fresh.pop_front(),
            (Some(_), _) => self.returned.pop_first().map(|(_, entry)| entry),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.fresh.len() + self.returned.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.returned.is_empty()
    }

    pub(crate) fn into_entries(self) -> Drained {
        self.returned.into_values().chain(self.fresh)
    }
}
