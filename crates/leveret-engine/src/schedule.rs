//! Messages that are not routed before their time.
//!
//! They are on record, whatever their delivery mode, and go through their exchange when they are
//! due. One with a name can be replaced or cancelled until then.

use alloc::collections::BTreeMap;

use leveret_protocol::{ShortStr, Timestamp};

use crate::{
    identity::{Lsn, MessageId},
    message::Letter,
};

/// A message and when it is to be routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scheduled {
    pub(crate) due: Timestamp,
    /// The exchange that it goes through then, if it still exists.
    pub(crate) exchange: ShortStr,
    /// Its publisher's name for it, of which an exchange has each once.
    pub(crate) name: Option<ShortStr>,
    pub(crate) letter: Letter,
    /// Its newest record.
    pub(crate) recorded: Lsn,
}

/// When a message is to be routed, and its name until then.
#[derive(Debug)]
pub(crate) struct Appointment {
    pub(crate) due: Timestamp,
    pub(crate) name: Option<ShortStr>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    waiting: BTreeMap<MessageId, Scheduled>,
    named: BTreeMap<(ShortStr, ShortStr), MessageId>,
    bytes: usize,
}

impl Schedule {
    pub(crate) fn insert(&mut self, id: MessageId, scheduled: Scheduled) {
        self.bytes = self.bytes.saturating_add(scheduled.letter.content_bytes());
        if let Some(name) = &scheduled.name {
            self.named.insert((scheduled.exchange.clone(), name.clone()), id);
        }
        self.waiting.insert(id, scheduled);
    }

    pub(crate) fn remove(&mut self, id: MessageId) -> Option<Scheduled> {
        let scheduled = self.waiting.remove(&id)?;
        self.bytes = self.bytes.saturating_sub(scheduled.letter.content_bytes());
        if let Some(name) = &scheduled.name {
            self.named.remove(&(scheduled.exchange.clone(), name.clone()));
        }
        Some(scheduled)
    }

    pub(crate) fn get_mut(&mut self, id: MessageId) -> Option<&mut Scheduled> {
        self.waiting.get_mut(&id)
    }

    pub(crate) fn named(&self, exchange: &ShortStr, name: &ShortStr) -> Option<MessageId> {
        self.named.get(&(exchange.clone(), name.clone())).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}
