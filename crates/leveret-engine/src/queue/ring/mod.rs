//! The consumers of a queue, and whose turn it is.

mod single;
mod turns;

use alloc::collections::BTreeMap;

pub(crate) use self::single::Succession;
use self::{single::Single, turns::Turns};
use crate::identity::ConsumerId;

/// Who gets the next message; one that cannot take more stands aside until it is willing again.
#[derive(Debug, Default)]
pub(crate) struct ConsumerRing {
    /// All of them, with their priorities.
    all: BTreeMap<ConsumerId, i64>,
    order: Order,
    exclusive: Option<ConsumerId>,
}

/// How the consumers share the messages.
#[derive(Debug)]
enum Order {
    Turns(Turns),
    Single(Single),
}

impl Default for Order {
    fn default() -> Self {
        Self::Turns(Turns::default())
    }
}

impl ConsumerRing {
    /// A ring of which only one gets messages.
    pub(crate) fn single(succession: Succession) -> Self {
        Self { order: Order::Single(Single::new(succession)), ..Self::default() }
    }

    pub(crate) fn add(&mut self, consumer: ConsumerId, priority: i64) {
        self.all.insert(consumer, priority);
        match &mut self.order {
            Order::Turns(turns) => turns.add(consumer, priority),
            Order::Single(single) => single.add(consumer, priority),
        }
    }

    pub(crate) fn add_exclusive(&mut self, consumer: ConsumerId, priority: i64) {
        self.add(consumer, priority);
        self.exclusive = Some(consumer);
    }

    pub(crate) fn remove(&mut self, consumer: ConsumerId) {
        let Some(priority) = self.all.remove(&consumer) else { return };
        match &mut self.order {
            Order::Turns(turns) => turns.remove(priority, &self.all),
            Order::Single(single) => single.remove(consumer, priority),
        }
        if self.exclusive == Some(consumer) {
            self.exclusive = None;
        }
    }

    /// Whose turn it is.
    pub(crate) fn front(&self) -> Option<ConsumerId> {
        match &self.order {
            Order::Turns(turns) => turns.front(),
            Order::Single(single) => single.front(),
        }
    }

    /// The front had its turn.
    pub(crate) fn rotate(&mut self) {
        match &mut self.order {
            Order::Turns(turns) => turns.rotate(&self.all),
            Order::Single(_) => {}
        }
    }

    /// The front cannot take more.
    pub(crate) fn stand_aside(&mut self) {
        match &mut self.order {
            Order::Turns(turns) => turns.stand_aside(&self.all),
            Order::Single(single) => single.stand_aside(),
        }
    }

    /// A consumer that stood aside can take more.
    pub(crate) fn come_back(&mut self, consumer: ConsumerId) {
        let Some(priority) = self.all.get(&consumer) else { return };
        match &mut self.order {
            Order::Turns(turns) => turns.add(consumer, *priority),
            Order::Single(single) => single.come_back(consumer),
        }
    }

    /// The one that gets the messages, if only one does.
    pub(crate) fn active(&self) -> Option<ConsumerId> {
        match &self.order {
            Order::Turns(_) => None,
            Order::Single(single) => single.active(),
        }
    }

    /// Whether the active one has to make room for another.
    pub(crate) fn is_outranked(&self) -> bool {
        match &self.order {
            Order::Turns(_) => false,
            Order::Single(single) => single.is_outranked(),
        }
    }

    /// The active one is to stay: it can take more again.
    pub(crate) fn succeed_itself(&mut self) {
        if let Some(active) = self.active() {
            self.come_back(active);
        }
    }

    /// The first of those that wait becomes the active one.
    pub(crate) fn succeed(&mut self) {
        match &mut self.order {
            Order::Turns(_) => {}
            Order::Single(single) => single.succeed(),
        }
    }

    /// The one that has the queue for itself.
    pub(crate) const fn exclusive(&self) -> Option<ConsumerId> {
        self.exclusive
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
        self.all.keys().copied()
    }
}
