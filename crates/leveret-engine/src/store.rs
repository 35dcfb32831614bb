//! What on record is alive, and which record it was last written in.
//!
//! The order by record answers which things must be written again before old records go.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};
use core::slice;

use crate::{
    identity::{BindingId, ExchangeId, Lsn, MessageId, PageId, QueueId},
    message::Message,
    series::Series,
};

/// A thing with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entity {
    Exchange(ExchangeId),
    Queue(QueueId),
    Binding(BindingId),
    Message(MessageId),
    Scheduled(MessageId),
    Page(PageId),
}

/// A message on record.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) message: Arc<Message>,
    /// The durable queues in which it still is, ready or delivered.
    pub(crate) queues: Keepers,
    recorded: Lsn,
}

/// Queues that keep a message on record, in order; mostly it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Keepers {
    One(QueueId),
    /// Any other number of them.
    Several(Vec<QueueId>),
}

impl Keepers {
    pub(crate) const NONE: Self = Self::Several(Vec::new());

    pub(crate) fn as_slice(&self) -> &[QueueId] {
        match self {
            Self::One(queue) => slice::from_ref(queue),
            Self::Several(queues) => queues,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    fn remove(&mut self, queue: QueueId) {
        match self {
            Self::One(one) if *one == queue => *self = Self::NONE,
            Self::One(_) => {}
            Self::Several(queues) => {
                if let Ok(at) = queues.binary_search(&queue) {
                    queues.remove(at);
                }
            }
        }
    }
}

impl FromIterator<QueueId> for Keepers {
    /// They come in order.
    fn from_iter<T: IntoIterator<Item = QueueId>>(queues: T) -> Self {
        let mut queues = queues.into_iter();
        let (first, second) = (queues.next(), queues.next());
        match (first, second) {
            (Some(one), None) => Self::One(one),
            (first, second) => {
                Self::Several(first.into_iter().chain(second).chain(queues).collect())
            }
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    /// Messages in the record that they came with, in the order of their numbers and of their records.
    fresh: Series<Stored>,
    /// The record of the last of them.
    newest: Lsn,
    /// Other messages: those that were written again since, or found at the start.
    moved: BTreeMap<MessageId, Stored>,
    /// All things but the fresh messages, by record.
    live: BTreeSet<(Lsn, Entity)>,
}

impl Store {
    /// A thing that is no message is on record.
    pub(crate) fn add(&mut self, recorded: Lsn, entity: Entity) {
        self.live.insert((recorded, entity));
    }

    /// A thing that is no message is gone.
    pub(crate) fn remove(&mut self, recorded: Lsn, entity: Entity) {
        self.live.remove(&(recorded, entity));
    }

    pub(crate) fn add_message(&mut self, recorded: Lsn, message: Arc<Message>, queues: Keepers) {
        let id = message.id;
        let stored = Stored { message, queues, recorded };
        let is_last = self.fresh.last_number().is_none_or(|last| last < id.0);
        if is_last && self.newest <= recorded {
            self.newest = recorded;
            self.fresh.insert(id.0, stored);
        } else {
            self.keep_moved(id, stored);
        }
    }

    /// The message is no longer in that queue.
    pub(crate) fn settle(&mut self, queue: QueueId, id: MessageId) {
        if let Some(stored) = self.fresh.get_mut(id.0) {
            stored.queues.remove(queue);
            if stored.queues.is_empty() {
                self.fresh.remove(id.0);
            }
            return;
        }
        let Some(stored) = self.moved.get_mut(&id) else { return };
        stored.queues.remove(queue);
        if stored.queues.is_empty() {
            let recorded = stored.recorded;
            self.moved.remove(&id);
            self.live.remove(&(recorded, Entity::Message(id)));
        }
    }

    pub(crate) fn message(&self, id: MessageId) -> Option<&Stored> {
        self.fresh.get(id.0).or_else(|| self.moved.get(&id))
    }

    /// The message was written again.
    pub(crate) fn move_message(&mut self, id: MessageId, recorded: Lsn) {
        if let Some(stored) = self.fresh.remove(id.0) {
            self.keep_moved(id, Stored { recorded, ..stored });
        } else if let Some(stored) = self.moved.get_mut(&id) {
            self.live.remove(&(stored.recorded, Entity::Message(id)));
            self.live.insert((recorded, Entity::Message(id)));
            stored.recorded = recorded;
        }
    }

    /// What has the oldest newest record, if that is not after `upto`.
    pub(crate) fn oldest(&self, upto: Lsn) -> Option<(Lsn, Entity)> {
        let fresh = self.fresh.first();
        let fresh = fresh.map(|(id, stored)| (stored.recorded, Entity::Message(MessageId(id))));
        let all = fresh.into_iter().chain(self.live.first().copied());
        all.min().filter(|(recorded, _)| *recorded <= upto)
    }

    fn keep_moved(&mut self, id: MessageId, stored: Stored) {
        self.live.insert((stored.recorded, Entity::Message(id)));
        self.moved.insert(id, stored);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use leveret_protocol::{Properties, ShortStr, Timestamp};

    use super::*;
    use crate::{
        copies::Copies,
        message::{Letter, Origin},
    };

    fn message(id: u64) -> Arc<Message> {
        let letter = Letter {
            exchange: ShortStr::EMPTY,
            routing_key: ShortStr::EMPTY,
            copies: Copies::Shown,
            properties: Properties::EMPTY,
            body: Bytes::new(),
            origin: Origin::Client,
            persistent: true,
        };
        let (posted_at, recorded) = (Timestamp::from_millis(0), Lsn(1));
        Arc::new(Message { id: MessageId(id), posted_at, recorded, page: None, letter })
    }

    fn oldest(store: &Store) -> Option<(u64, u64)> {
        let (lsn, entity) = store.oldest(Lsn(u64::MAX))?;
        let Entity::Message(id) = entity else { return None };
        Some((lsn.0, id.0))
    }

    #[test]
    fn the_oldest_is_known_whatever_is_settled_or_written_again() {
        let (one, other) = (QueueId(1), QueueId(2));
        let mut store = Store::default();
        store.add_message(Lsn(5), message(50), Keepers::One(one));
        store.add_message(Lsn(6), message(60), [one, other].into_iter().collect());
        store.add_message(Lsn(7), message(70), Keepers::One(one));
        // As found in a log: an old message in a new record, and the other way round.
        store.add_message(Lsn(8), message(10), Keepers::One(one));
        store.add_message(Lsn(1), message(80), Keepers::One(one));
        assert_eq!(oldest(&store), Some((1, 80)));
        store.move_message(MessageId(80), Lsn(9));
        assert_eq!(oldest(&store), Some((5, 50)));
        store.settle(one, MessageId(50));
        store.settle(other, MessageId(60));
        assert_eq!(oldest(&store), Some((6, 60)));
        store.move_message(MessageId(60), Lsn(10));
        assert_eq!(oldest(&store), Some((7, 70)));
        store.settle(one, MessageId(70));
        assert_eq!(oldest(&store), Some((8, 10)));
        assert_eq!(store.oldest(Lsn(7)), None);
        for id in [10, 60, 80] {
            store.settle(one, MessageId(id));
        }
        assert_eq!(oldest(&store), None);
        assert!(store.live.is_empty());
    }
}
