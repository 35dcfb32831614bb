//! The queues of a virtual host, by number and by name.

use alloc::{collections::BTreeMap, vec::Vec};

use leveret_protocol::ShortStr;

use super::Queue;
use crate::identity::QueueId;

#[derive(Debug, Default)]
pub(crate) struct Queues {
    queues: BTreeMap<QueueId, Queue>,
    by_name: BTreeMap<ShortStr, QueueId>,
}

impl Queues {
    pub(crate) fn insert(&mut self, queue: Queue) {
        self.by_name.insert(queue.spec.name.clone(), queue.id);
        self.queues.insert(queue.id, queue);
    }

    pub(crate) fn remove(&mut self, id: QueueId) -> Option<Queue> {
        let queue = self.queues.remove(&id)?;
        self.by_name.remove(&queue.spec.name);
        Some(queue)
    }

    pub(crate) fn get(&self, id: QueueId) -> Option<&Queue> {
        self.queues.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: QueueId) -> Option<&mut Queue> {
        self.queues.get_mut(&id)
    }

    pub(crate) fn id_of(&self, name: &ShortStr) -> Option<QueueId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn named(&self, name: &ShortStr) -> Option<&Queue> {
        self.get(self.id_of(name)?)
    }

    pub(crate) fn next_after(&self, id: QueueId) -> Option<QueueId> {
        self.after(id).next().map(|(id, _)| id)
    }

    pub(crate) fn after(&self, id: QueueId) -> impl Iterator<Item = (QueueId, &Queue)> {
        let next = QueueId(id.0.saturating_add(1));
        self.queues.range(next..).map(|(id, queue)| (*id, queue))
    }

    pub(crate) fn ids(&self) -> Vec<QueueId> {
        self.queues.keys().copied().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.queues.len()
    }

    pub(crate) fn contains(&self, id: QueueId) -> bool {
        self.queues.contains_key(&id)
    }
}
