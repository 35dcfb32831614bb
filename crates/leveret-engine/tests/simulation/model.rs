//! What the queues hold, as simple as it can be said.
//!
//! The model does not say who gets a message; it is told, and objects if that message was not
//! the queue's to give.

use std::collections::BTreeMap;

/// A message by the number in its body.
pub(crate) type Id = u64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) id: Id,
    pub(crate) kept: bool,
    pub(crate) seen: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    pub(crate) durable: bool,
    dead_letters_to: Option<usize>,
    ready: BTreeMap<u64, Held>,
    out: BTreeMap<u64, Held>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) queues: Vec<Queue>,
    position: u64,
}

/// What a disk has to give back: for each durable queue, its persistent messages in order.
pub(crate) type Kept = Vec<Vec<Id>>;

impl Queue {
    pub(crate) fn new(durable: bool, dead_letters_to: Option<usize>) -> Self {
        Self { durable, dead_letters_to, ..Self::default() }
    }
}

impl Model {
    pub(crate) fn put(&mut self, queues: &[usize], id: Id, persistent: bool) {
        self.position += 1;
        for queue in queues {
            let queue = &mut self.queues[*queue];
            let kept = persistent && queue.durable;
            queue.ready.insert(self.position, Held { id, kept, seen: false });
        }
    }

    /// The queue gives its first message away.
    pub(crate) fn take(&mut self, queue: usize, id: Id, redelivered: bool) -> u64 {
        let queue = &mut self.queues[queue];
        let (position, held) = queue.ready.pop_first().expect("the queue has a message");
        assert_eq!(held.id, id, "a queue gives its first message");
        assert_eq!(held.seen, redelivered, "message {id} is marked if it was seen before");
        queue.out.insert(position, Held { seen: true, ..held });
        position
    }

    pub(crate) fn settle(&mut self, queue: usize, position: u64) {
        self.queues[queue].out.remove(&position);
    }

    pub(crate) fn give_back(&mut self, queue: usize, position: u64) {
        let queue = &mut self.queues[queue];
        if let Some(held) = queue.out.remove(&position) {
            queue.ready.insert(position, held);
        }
    }

    pub(crate) fn reject(&mut self, queue: usize, position: u64, persistent: impl Fn(Id) -> bool) {
        let Some(held) = self.queues[queue].out.remove(&position) else { return };
        if let Some(to) = self.queues[queue].dead_letters_to {
            self.put(&[to], held.id, persistent(held.id));
        }
    }

    pub(crate) fn purge(&mut self, queue: usize) {
        self.queues[queue].ready.clear();
    }

    /// Deleted, and declared anew: what was delivered from the old queue concerns nobody.
    pub(crate) fn delete(&mut self, queue: usize) {
        self.queues[queue].ready.clear();
        self.queues[queue].out.clear();
    }

    pub(crate) fn ready(&self, queue: usize) -> Vec<Id> {
        self.queues[queue].ready.values().map(|held| held.id).collect()
    }

    pub(crate) fn kept(&self) -> Kept {
        let of_queue = |queue: &Queue| {
            let all: BTreeMap<&u64, &Held> = queue.ready.iter().chain(&queue.out).collect();
            all.values().filter(|held| held.kept).map(|held| held.id).collect()
        };
        self.queues.iter().filter(|queue| queue.durable).map(of_queue).collect()
    }

    /// How many messages there are, each counted in each of its queues.
    pub(crate) fn count(&self) -> usize {
        self.queues.iter().map(|queue| queue.ready.len() + queue.out.len()).sum()
    }
}
