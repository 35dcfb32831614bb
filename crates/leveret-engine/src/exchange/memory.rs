//! Where keys went lately, so that a key that comes again is not looked for again.
//!
//! For all topic exchanges of a virtual host together, in bounded room. A binding that is made or
//! removed makes all that is remembered of its exchange worthless, by the exchange's version.

use alloc::{boxed::Box, vec::Vec};

use super::destinations::Destination;
use crate::identity::ExchangeId;

/// Keys are kept in rows of so many, each key in the one row that its hash names.
const ROW: usize = 4;

/// Rows at first, and at most.
const ROWS_MIN: usize = 64;
const ROWS_MAX: usize = 8192;

/// A key that leads to more places than this is not remembered.
const FOUND_MAX: usize = 16;

/// How many keys may be remembered without any coming again, before few are.
const PATIENCE_MAX: usize = 65_536;

/// Without patience left, one new key of so many is remembered.
const RARELY: usize = 64;

/// An exchange as it is between two changes of its bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edition {
    pub(super) exchange: ExchangeId,
    pub(super) version: u64,
}

/// What is remembered.
#[derive(Debug)]
pub(super) struct KeyMemory {
    rows: Vec<[Option<Remembered>; ROW]>,
    /// What was forgotten for something else since the last growth.
    forgotten: usize,
    patience: usize,
    /// Keys that were not remembered since one was, for want of patience.
    passed: usize,
}

#[derive(Debug)]
struct Remembered {
    of: Edition,
    key: Box<[u8]>,
    found: Box<[Destination]>,
}

impl Default for KeyMemory {
    fn default() -> Self {
        Self { rows: Vec::new(), forgotten: 0, patience: PATIENCE_MAX, passed: 0 }
    }
}

impl KeyMemory {
    /// Adds to `found` where the key leads, by looking only if that is not remembered.
    pub(super) fn find(
        &mut self,
        of: Edition,
        key: &[u8],
        found: &mut Vec<Destination>,
        look: impl FnOnce(&mut Vec<Destination>),
    ) {
        let hash = hash(of.exchange, key);
        let is_it = |known: &&Remembered| known.of == of && *known.key == *key;
        let row = self.rows.get(place(hash, self.rows.len()));
        if let Some(known) = row.and_then(|row| row.iter().flatten().find(is_it)) {
            found.extend_from_slice(&known.found);
            self.patience = PATIENCE_MAX.min(self.patience + 2);
            return;
        }
        let before = found.len();
        look(found);
        let new = found.get(before..).unwrap_or_default();
        if new.len() <= FOUND_MAX && self.is_worthwhile() {
            self.remember(hash, Remembered { of, key: key.into(), found: new.into() });
        }
    }

    /// Whether to remember one more: if keys hardly ever come again, it would only cost.
    fn is_worthwhile(&mut self) -> bool {
        if let Some(left) = self.patience.checked_sub(1) {
            self.patience = left;
            return true;
        }
        self.passed = (self.passed + 1) % RARELY;
        self.passed == 0
    }

    fn remember(&mut self, hash: u64, new: Remembered) {
        if self.rows.len() < ROWS_MAX && self.forgotten >= self.rows.len() {
            // What was there is soon found again.
            let rows = self.rows.len().saturating_mul(4).clamp(ROWS_MIN, ROWS_MAX);
            self.rows = (0..rows).map(|_| Default::default()).collect();
            self.forgotten = 0;
        }
        let at = place(hash, self.rows.len());
        let Some(row) = self.rows.get_mut(at) else { return };
        let is_same =
            |known: &Remembered| known.of.exchange == new.of.exchange && known.key == new.key;
        let is_free = |known: &Option<Remembered>| known.as_ref().is_none_or(is_same);
        if let Some(free) = row.iter_mut().find(|known| is_free(known)) {
            *free = Some(new);
            return;
        }
        self.forgotten += 1;
        // The one that has been there longest goes.
        row.rotate_left(1);
        if let Some(last) = row.last_mut() {
            *last = Some(new);
        }
    }
}

/// In which of so many rows a key belongs.
fn place(hash: u64, rows: usize) -> usize {
    // Rows are a power of two, so this takes the hash's best bits; none for no row.
    let bits = rows.max(1).trailing_zeros();
    usize::try_from(hash.checked_shr(64 - bits).unwrap_or_default()).unwrap_or_default()
}

/// Quick, and not secret: who makes keys meet in a row only makes them be looked for again.
fn hash(exchange: ExchangeId, key: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = exchange.0.wrapping_mul(FACTOR);
    for chunk in key.chunks(8) {
        let mut word = [0; 8];
        for (byte, found) in word.iter_mut().zip(chunk) {
            *byte = *found;
        }
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
        hash ^= hash >> 29;
    }
    hash.wrapping_mul(FACTOR)
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec, vec::Vec};

    use super::*;
    use crate::identity::QueueId;

    fn edition(exchange: u64, version: u64) -> Edition {
        Edition { exchange: ExchangeId(exchange), version }
    }

    /// Where the key leads, and whether it had to be looked for.
    fn find(
        memory: &mut KeyMemory,
        of: Edition,
        key: &str,
        queue: u64,
    ) -> (Vec<Destination>, bool) {
        let (mut found, mut looked) = (Vec::new(), false);
        memory.find(of, key.as_bytes(), &mut found, |found| {
            looked = true;
            found.push(Destination::Queue(QueueId(queue)));
        });
        (found, looked)
    }

    #[test]
    fn a_key_is_looked_for_once_for_each_edition_of_its_exchange() {
        let mut memory = KeyMemory::default();
        let to = |queue| vec![Destination::Queue(QueueId(queue))];
        assert_eq!(find(&mut memory, edition(1, 0), "a.b", 7), (to(7), true));
        assert_eq!(find(&mut memory, edition(1, 0), "a.b", 8), (to(7), false));
        assert_eq!(find(&mut memory, edition(2, 0), "a.b", 9), (to(9), true));
        assert_eq!(find(&mut memory, edition(1, 1), "a.b", 8), (to(8), true));
        assert_eq!(find(&mut memory, edition(1, 1), "a.b", 9), (to(8), false));
    }

    #[test]
    fn ten_thousand_keys_are_remembered_and_a_million_take_no_more_room() {
        let mut memory = KeyMemory::default();
        let mut looked = 0;
        for round in 0..8 {
            looked = 0;
            for number in 0..10_000 {
                let (_, anew) = find(&mut memory, edition(1, 0), &format!("key.{number}"), 1);
                looked += u32::from(anew);
            }
            assert!(round > 0 || looked == 10_000);
        }
        assert!(looked < 500, "{looked} of 10,000 were looked for again");
        for number in 0..1_000_000 {
            find(&mut memory, edition(1, 0), &format!("other.{number}"), 1);
        }
        assert!(memory.rows.len() <= ROWS_MAX);
        assert_eq!(memory.patience, 0, "what never comes again is hardly remembered");
    }
}
