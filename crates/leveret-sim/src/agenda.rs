//! What is still to happen, in order.

use std::collections::BTreeMap;

use crate::moment::Moment;

/// Things at their moments; at one moment, in the order in which they were put down.
#[derive(Debug)]
pub(crate) struct Agenda<E> {
    items: BTreeMap<(Moment, u64), E>,
    count: u64,
}

impl<E> Agenda<E> {
    pub(crate) const fn new() -> Self {
        Self { items: BTreeMap::new(), count: 0 }
    }

    pub(crate) fn add(&mut self, at: Moment, item: E) {
        self.count += 1;
        self.items.insert((at, self.count), item);
    }

    pub(crate) fn next(&mut self) -> Option<(Moment, E)> {
        self.items.pop_first().map(|((at, _), item)| (at, item))
    }
}
