//! The consumers of a queue, and whose turn it is.

use alloc::collections::{BTreeSet, VecDeque};

use crate::identity::ConsumerId;

/// Consumers take turns; one that cannot take more stands aside until it is willing again.
#[derive(Debug, Default)]
pub(crate) struct ConsumerRing {
    willing: VecDeque<ConsumerId>,
    all: BTreeSet<ConsumerId>,
    exclusive: Option<ConsumerId>,
}

impl ConsumerRing {
    pub(crate) fn add(&mut self, consumer: ConsumerId) {
        self.all.insert(consumer);
        self.willing.push_back(consumer);
    }

    pub(crate) fn add_exclusive(&mut self, consumer: ConsumerId) {
        self.add(consumer);
        self.exclusive = Some(consumer);
    }

    pub(crate) fn remove(&mut self, consumer: ConsumerId) {
        self.all.remove(&consumer);
        self.willing.retain(|known| *known != consumer);
        if self.exclusive == Some(consumer) {
            self.exclusive = None;
        }
    }

    /// Whose turn it is.
    pub(crate) fn front(&self) -> Option<ConsumerId> {
        self.willing.front().copied()
    }

    /// The front had its turn.
    pub(crate) fn rotate(&mut self) {
        if self.willing.len() > 1 {
            self.willing.rotate_left(1);
        }
    }

    /// The front cannot take more.
    pub(crate) fn stand_aside(&mut self) {
        self.willing.pop_front();
    }

    /// A consumer that stood aside can take more.
    pub(crate) fn come_back(&mut self, consumer: ConsumerId) {
        if self.all.contains(&consumer) {
            self.willing.push_back(consumer);
        }
    }

    pub(crate) const fn has_exclusive(&self) -> bool {
        self.exclusive.is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = ConsumerId> {
        self.all.iter().copied()
    }
}
