//! Records of one turn, as far as there are several: they hold only together.
//!
//! What stands in the first of them is on disk when the last is.

use alloc::collections::BTreeMap;

use crate::identity::Lsn;

/// The first and the last of each, until all are durable.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    last_of: BTreeMap<Lsn, Lsn>,
}

impl Spans {
    /// These were written in one turn.
    pub(crate) fn add(&mut self, first: Lsn, last: Lsn) {
        if last > first {
            self.last_of.insert(first, last);
        }
    }

    /// Which record has to be durable for what stands in this one.
    pub(crate) fn end_of(&self, lsn: Lsn) -> Lsn {
        match self.last_of.range(..=lsn).next_back() {
            Some((_, last)) => lsn.max(*last),
            None => lsn,
        }
    }

    /// Records up to this one are durable.
    pub(crate) fn forget(&mut self, upto: Lsn) {
        while self.last_of.first_key_value().is_some_and(|(_, last)| *last <= upto) {
            self.last_of.pop_first();
        }
    }
}
