//! Where handled ids are kept: a crash-safe file, or memory.
//!
//! A store answers "was this handled?" and takes new ids in batches. It keeps the newest ids up
//! to a bound and forgets the oldest beyond it.

use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

/// How many handled ids a store keeps unless told otherwise.
pub const INBOX_IDS_MAX: u64 = 10_000_000;

/// From key to the order in which it came.
const HANDLED: TableDefinition<'_, &[u8], u64> = TableDefinition::new("handled");
/// From that order back to the key, so that the oldest can be forgotten.
const ORDER: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("order");

/// The store could not be opened, read or written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the inbox store failed")]
pub struct StoreError(#[source] Arc<redb::Error>);

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self(Arc::new(error.into()))
    }
}

#[derive(Debug)]
pub(super) enum Store {
    File { database: Database, ids_max: u64 },
    // A lock, as readers are many and each holds it for one look-up.
    Memory { ids: Mutex<MemoryIds>, ids_max: u64 },
}

#[derive(Debug, Default)]
pub(super) struct MemoryIds {
    handled: HashSet<Vec<u8>>,
    order: VecDeque<Vec<u8>>,
}

impl Store {
    pub(super) fn in_memory(ids_max: u64) -> Self {
        Self::Memory { ids: Mutex::default(), ids_max }
    }

    /// Opens or makes the file; an unclean end is repaired here.
    pub(super) fn open(path: &Path, ids_max: u64) -> Result<Self, StoreError> {
        let database = Database::create(path)?;
        let write = database.begin_write()?;
        write.open_table(HANDLED)?;
        write.open_table(ORDER)?;
        write.commit()?;
        Ok(Self::File { database, ids_max })
    }

    pub(super) fn contains(&self, key: &[u8]) -> Result<bool, StoreError> {
        match self {
            Self::File { database, .. } => {
                Ok(database.begin_read()?.open_table(HANDLED)?.get(key)?.is_some())
            }
            Self::Memory { ids, .. } => {
                let ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(ids.handled.contains(key))
            }
        }
    }

    /// Records all keys; when this returns, they are on disk.
    pub(super) fn insert(&self, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        match self {
            Self::File { database, ids_max } => insert_durably(database, keys, *ids_max),
            Self::Memory { ids, ids_max } => {
                ids.lock().unwrap_or_else(PoisonError::into_inner).insert(keys, *ids_max);
                Ok(())
            }
        }
    }
}

impl MemoryIds {
    fn insert(&mut self, keys: &[Vec<u8>], ids_max: u64) {
        for key in keys {
            if self.handled.insert(key.clone()) {
                self.order.push_back(key.clone());
            }
        }
        while self.order.len() as u64 > ids_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.handled.remove(&oldest);
        }
    }
}

fn insert_durably(database: &Database, keys: &[Vec<u8>], ids_max: u64) -> Result<(), StoreError> {
    let write = database.begin_write()?;
    {
        let mut handled = write.open_table(HANDLED)?;
        let mut order = write.open_table(ORDER)?;
        let mut next = order.last()?.map_or(0, |(sequence, _)| sequence.value() + 1);
        for key in keys {
            if handled.get(key.as_slice())?.is_none() {
                handled.insert(key.as_slice(), next)?;
                order.insert(next, key.as_slice())?;
                next += 1;
            }
        }
        while order.len()? > ids_max
            && let Some((_, oldest)) = order.pop_first()?
        {
            handled.remove(oldest.value())?;
        }
    }
    write.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }

    #[test]
    fn a_file_remembers_across_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("inbox.redb");
        Store::open(&path, 10).unwrap().insert(&keys(&["a", "b"])).unwrap();
        let store = Store::open(&path, 10).unwrap();
        assert!(store.contains(b"a").unwrap());
        assert!(!store.contains(b"c").unwrap());
    }

    #[test]
    fn the_oldest_ids_are_forgotten_beyond_the_bound() {
        let dir = tempfile::tempdir().unwrap();
        let file = Store::open(&dir.path().join("inbox.redb"), 2).unwrap();
        for store in [file, Store::in_memory(2)] {
            store.insert(&keys(&["a", "b"])).unwrap();
            store.insert(&keys(&["b", "c"])).unwrap();
            let known = ["a", "b", "c"].map(|key| store.contains(key.as_bytes()).unwrap());
            assert_eq!(known, [false, true, true]);
        }
    }
}
