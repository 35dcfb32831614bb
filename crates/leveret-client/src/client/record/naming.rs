//! Queues that the broker named: how they were called first, and how they are now.

use std::collections::BTreeMap;

use leveret_protocol::ShortStr;

/// First names and names of now.
#[derive(Debug, Default)]
pub(super) struct Names {
    current: BTreeMap<ShortStr, ShortStr>,
}

impl Names {
    /// The broker has named a queue.
    pub(super) fn insert(&mut self, first: ShortStr) {
        self.current.insert(first.clone(), first);
    }

    pub(super) fn remove(&mut self, first: &ShortStr) {
        self.current.remove(first);
    }

    pub(super) fn has(&self, first: &ShortStr) -> bool {
        self.current.contains_key(first)
    }

    /// The broker has named it anew; gives the name of before.
    pub(super) fn rename(&mut self, first: &ShortStr, to: ShortStr) -> Option<ShortStr> {
        self.current.get_mut(first).map(|current| std::mem::replace(current, to))
    }

    /// How a queue is called now; other names stay as they are.
    pub(super) fn current(&self, first: &ShortStr) -> ShortStr {
        self.current.get(first).unwrap_or(first).clone()
    }

    /// How a queue that may be called by its name of now was called first.
    pub(super) fn first(&self, name: &ShortStr) -> ShortStr {
        if self.current.contains_key(name) {
            return name.clone();
        }
        let known = self.current.iter().find(|(_, current)| *current == name);
        known.map_or_else(|| name.clone(), |(first, _)| first.clone())
    }
}
