//! Where messages can go, each place counted once for every binding to it.

use alloc::vec::Vec;

use crate::identity::{ExchangeId, QueueId};

/// What a binding leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Destination {
    Queue(QueueId),
    Exchange(ExchangeId),
}

/// Destinations in a fixed order. Two bindings that differ only in arguments a router does
/// not look at lead to the same place; it stays until both are gone.
#[derive(Debug, Default)]
pub(crate) struct Destinations {
    counted: Vec<(Destination, u32)>,
}

impl Destinations {
    pub(crate) fn add(&mut self, destination: Destination) {
        match self.find(destination) {
            Ok(at) => {
                if let Some((_, count)) = self.counted.get_mut(at) {
                    *count += 1;
                }
            }
            Err(at) => self.counted.insert(at, (destination, 1)),
        }
    }

    pub(crate) fn remove(&mut self, destination: Destination) {
        let Ok(at) = self.find(destination) else { return };
        let Some((_, count)) = self.counted.get_mut(at) else { return };
        *count -= 1;
        if *count == 0 {
            self.counted.remove(at);
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Destination> {
        self.counted.iter().map(|(destination, _)| *destination)
    }

    fn find(&self, destination: Destination) -> Result<usize, usize> {
        self.counted.binary_search_by_key(&destination, |(known, _)| *known)
    }
}
