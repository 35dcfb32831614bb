//! Messages whose settlement made the broker close the channel.
//!
//! The broker delivers such a message again at once, and it would close the next channel too;
//! so it is remembered, and becomes a dead letter after as many closings as it has attempts.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::failure::Failure;
use crate::message::Message;

/// How many are remembered; beyond it the oldest is forgotten, and has all its attempts again.
const SUSPECTS_MAX: usize = 256;

/// Those of one handler.
#[derive(Debug, Default)]
pub(crate) struct Suspects {
    // A lock, as all workers of the handler share it; touched only after a channel was closed.
    list: Mutex<VecDeque<Suspect>>,
    /// Whether there is any, told under the lock: each message asks.
    has_any: AtomicBool,
}

#[derive(Debug)]
struct Suspect {
    key: u64,
    closings: u32,
    failure: Failure,
}

impl Suspects {
    /// The broker closed the channel over this message.
    pub(crate) fn accuse(&self, message: &Message, failure: Failure) {
        let key = key(message);
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        match list.iter_mut().find(|suspect| suspect.key == key) {
            Some(suspect) => suspect.closings += 1,
            None => list.push_back(Suspect { key, closings: 1, failure }),
        }
        if list.len() > SUSPECTS_MAX {
            list.pop_front();
        }
        self.has_any.store(true, Ordering::Release);
    }

    /// Why a message is not to be handled any more.
    pub(crate) fn verdict(&self, message: &Message, closings_max: u32) -> Option<Failure> {
        if !self.has_any.load(Ordering::Acquire) {
            return None;
        }
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(message);
        let place = list
            .iter()
            .position(|suspect| suspect.key == key && suspect.closings >= closings_max)?;
        let found = list.remove(place);
        self.has_any.store(!list.is_empty(), Ordering::Release);
        found.map(|suspect| suspect.failure)
    }
}

/// What a message is known by when it comes again.
pub(super) fn key(message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.message_id().hash(&mut hasher);
    message.routing_key.hash(&mut hasher);
    message.body.hash(&mut hasher);
    hasher.finish()
}
