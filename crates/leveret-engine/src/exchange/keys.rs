//! A direct exchange's table: which binding keys lead where.

use alloc::collections::BTreeMap;

use leveret_protocol::ShortStr;

use super::destinations::{Destination, Destinations};

/// Destinations by exact binding key.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    keys: BTreeMap<ShortStr, Destinations>,
}

impl KeyTable {
    pub(crate) fn add(&mut self, key: &ShortStr, destination: Destination) {
        self.keys.entry(key.clone()).or_default().add(destination);
    }

    pub(crate) fn remove(&mut self, key: &ShortStr, destination: Destination) {
        let Some(destinations) = self.keys.get_mut(key) else { return };
        destinations.remove(destination);
        if destinations.is_empty() {
            self.keys.remove(key);
        }
    }

    pub(crate) fn find(&self, key: &ShortStr) -> impl Iterator<Item = Destination> {
        self.keys.get(key).into_iter().flat_map(Destinations::iter)
    }
}
