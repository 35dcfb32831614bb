//! What on record is alive, and which record it was last written in.
//!
//! The order by record answers which things must be written again before old records go.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use crate::{
    identity::{BindingId, ExchangeId, Lsn, MessageId, PageId, QueueId},
    message::Message,
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
    pub(crate) queues: Vec<QueueId>,
    recorded: Lsn,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    messages: BTreeMap<MessageId, Stored>,
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

    pub(crate) fn add_message(
        &mut self,
        recorded: Lsn,
        message: Arc<Message>,
        queues: Vec<QueueId>,
    ) {
        let id = message.id;
        self.live.insert((recorded, Entity::Message(id)));
        self.messages.insert(id, Stored { message, queues, recorded });
    }

    /// The message is no longer in that queue.
    pub(crate) fn settle(&mut self, queue: QueueId, id: MessageId) {
        let Some(stored) = self.messages.get_mut(&id) else { return };
        if let Ok(at) = stored.queues.binary_search(&queue) {
            stored.queues.remove(at);
        }
        if stored.queues.is_empty() {
            let recorded = stored.recorded;
            self.messages.remove(&id);
            self.live.remove(&(recorded, Entity::Message(id)));
        }
    }

    pub(crate) fn message(&self, id: MessageId) -> Option<&Stored> {
        self.messages.get(&id)
    }

    /// The message was written again.
    pub(crate) fn move_message(&mut self, id: MessageId, recorded: Lsn) {
        let Some(stored) = self.messages.get_mut(&id) else { return };
        self.live.remove(&(stored.recorded, Entity::Message(id)));
        self.live.insert((recorded, Entity::Message(id)));
        stored.recorded = recorded;
    }

    /// What has the oldest newest record, if that is not after `upto`.
    pub(crate) fn oldest(&self, upto: Lsn) -> Option<(Lsn, Entity)> {
        self.live.first().copied().filter(|(recorded, _)| *recorded <= upto)
    }
}
