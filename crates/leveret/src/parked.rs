//! Keys of an ordered handler that wait, as their first message fails.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use leveret_protocol::ShortStr;
use serde::Serialize;

/// How many are told.
pub(crate) const TOLD_MAX: usize = 10;

/// A key whose messages wait for the next attempt at the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ParkedKey {
    /// The key.
    pub key: String,
    /// How often its first message was tried.
    pub attempts: u32,
    /// How many messages in hand wait behind it.
    pub behind: usize,
}

/// Those of one handler, by queue. A lock, as whoever looks reads it; held for one exchange.
#[derive(Debug, Default)]
pub(crate) struct ParkedKeys(Mutex<BTreeMap<ShortStr, Vec<ParkedKey>>>);

impl ParkedKeys {
    pub(crate) fn set(&self, queue: &ShortStr, keys: Vec<ParkedKey>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.is_empty() {
            all.remove(queue);
        } else {
            all.insert(queue.clone(), keys);
        }
    }

    pub(crate) fn read(&self) -> Vec<ParkedKey> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().flatten().take(TOLD_MAX).cloned().collect()
    }
}
