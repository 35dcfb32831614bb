//! Parts of transactions that wait for their commit.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::{
    identity::Lsn,
    record::{Checksum, Unreadable},
};

/// The parts of one transaction: they stand one behind the other, so there is never a second.
#[derive(Debug, Default)]
pub(super) struct Parts {
    transaction: Lsn,
    parts: Vec<(u32, Bytes)>,
}

impl Parts {
    /// Keeps a part; those of a transaction that was never committed are dropped.
    pub(super) fn add(&mut self, transaction: Lsn, index: u32, facts: Bytes) {
        if self.transaction != transaction {
            self.transaction = transaction;
            self.parts.clear();
        }
        self.parts.push((index, facts));
    }

    /// The facts of a transaction that was committed.
    ///
    /// If its first part is gone, the log begins behind it, and what lived in the transaction
    /// was relocated, all of it: then there is nothing left to say.
    pub(super) fn commit(
        &mut self,
        transaction: Lsn,
        count: u32,
        checksum: u64,
    ) -> Result<Vec<Bytes>, Unreadable> {
        let parts = core::mem::take(&mut self.parts);
        let starts_whole = parts.first().is_some_and(|(index, _)| *index == 0);
        if self.transaction != transaction || !starts_whole {
            return Ok(Vec::new());
        }
        let is_in_order = (0..count).eq(parts.iter().map(|(index, _)| *index));
        let mut found = Checksum::new();
        for (_, facts) in &parts {
            found.add(facts);
        }
        if !is_in_order || found.value() != checksum {
            return Err(Unreadable::Damaged("the transaction's parts do not add up"));
        }
        Ok(parts.into_iter().map(|(_, facts)| facts).collect())
    }
}
