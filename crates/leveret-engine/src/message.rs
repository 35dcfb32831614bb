//! A message as it is kept: one copy, shared by all queues that hold it.

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use leveret_protocol::{FieldTable, Properties, ShortStr, Timestamp};

use crate::{
    copies::{CopiedKeys, Copies},
    error::PublishError,
    identity::{Lsn, MessageId, PageId},
};

/// A content up to this size is copied out of the buffer it came in, so that a small message
/// that waits does not hold a large buffer.
const COPIED_BYTES_MAX: usize = 4096;

/// What was published, before it has a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) exchange: ShortStr,
    pub(crate) routing_key: ShortStr,
    pub(crate) copies: Copies,
    pub(crate) properties: Properties,
    pub(crate) body: Bytes,
    pub(crate) origin: Origin,
    pub(crate) persistent: bool,
}

/// Who wrote a message's headers last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A client: an `x-death` header says nothing.
    Client,
    /// This engine: the `x-death` header is the message's history.
    DeadLetter,
}

/// A message with its place.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    /// When it got its place: from then on it ages.
    pub(crate) posted_at: Timestamp,
    /// The record of this life before which nobody sees it: that put it on disk, or took from there
    /// what it comes of. Before the first, if there is none.
    pub(crate) recorded: Lsn,
    /// The page that keeps it, if that is no longer the log.
    pub(crate) page: Option<PageId>,
    pub(crate) letter: Letter,
}

impl Letter {
    /// The size that limits count.
    pub(crate) fn content_bytes(&self) -> usize {
        self.body.len().saturating_add(self.properties.as_bytes().len())
    }

    /// Its routing keys beside its own.
    pub(crate) fn copied_keys(&self) -> CopiedKeys {
        self.copies.keys(self.properties.headers())
    }

    /// The size that limits on a queue's length count.
    pub(crate) fn body_bytes(&self) -> u64 {
        u64::try_from(self.body.len()).unwrap_or(u64::MAX)
    }

    /// How long it lives, if it says so itself.
    pub(crate) fn life(&self) -> Option<Duration> {
        let expiration = self.properties.expiration()?;
        // What cannot be read was refused when it was published.
        PublishError::parse_expiration(&expiration).ok().map(Duration::from_millis)
    }

    /// The same with its small parts in a buffer of its own.
    pub(crate) fn detached(self) -> Self {
        if self.content_bytes() <= COPIED_BYTES_MAX { self.copied() } else { self }
    }

    /// The same, [`detached`](Self::detached) already, out of a buffer of so many bytes: it shares
    /// that only if it is most of it.
    pub(crate) fn detached_from(self, buffer_bytes: usize) -> Self {
        let shares = self.content_bytes() > COPIED_BYTES_MAX;
        if shares && self.content_bytes() < buffer_bytes / 2 { self.copied() } else { self }
    }

    fn copied(self) -> Self {
        let (key, properties) = (self.routing_key.as_bytes(), self.properties.as_bytes());
        let mut copy = Vec::with_capacity(key.len() + properties.len() + self.body.len());
        copy.extend_from_slice(key);
        copy.extend_from_slice(properties);
        let body_start = copy.len();
        copy.extend_from_slice(&self.body);
        let copy = Bytes::from(copy);
        let copied = ShortStr::new(copy.slice(..key.len()))
            .ok()
            .zip(Properties::from_bytes(copy.slice(key.len()..body_start)).ok());
        match copied {
            Some((routing_key, properties)) => {
                Self { routing_key, properties, body: copy.slice(body_start..), ..self }
            }
            None => self,
        }
    }
}

/// Names of messages in buffers of their own: one that comes again and again is kept once.
#[derive(Debug, Default)]
pub(crate) struct LastName(ShortStr);

impl LastName {
    pub(crate) fn detached(&mut self, name: &ShortStr) -> ShortStr {
        if self.0 != *name {
            self.0 = detached_name(name);
        }
        self.0.clone()
    }
}

/// A name in a buffer of its own.
pub(crate) fn detached_name(name: &ShortStr) -> ShortStr {
    ShortStr::new(Bytes::copy_from_slice(name)).unwrap_or_default()
}

/// A table in a buffer of its own.
pub(crate) fn detached_table(table: &FieldTable) -> FieldTable {
    FieldTable::from_bytes(Bytes::copy_from_slice(table.as_bytes())).unwrap_or_default()
}
