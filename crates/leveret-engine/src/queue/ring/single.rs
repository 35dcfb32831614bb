//! Consumers of which one is active, and the others wait for its place.

use alloc::collections::BTreeSet;
use core::cmp::Reverse;

use crate::identity::ConsumerId;

/// When a single active consumer makes room for one of a higher priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Succession {
    /// When it leaves.
    OnLeave,
    /// RabbitMQ 4, quorum queues: also once it has settled all that it has.
    ByPriority,
}

/// First by priority, then by age.
type Rank = (Reverse<i64>, ConsumerId);

#[derive(Debug)]
pub(super) struct Single {
    succession: Succession,
    active: Option<Rank>,
    is_willing: bool,
    waiting: BTreeSet<Rank>,
}

impl Single {
    pub(super) const fn new(succession: Succession) -> Self {
        Self { succession, active: None, is_willing: false, waiting: BTreeSet::new() }
    }

    pub(super) fn add(&mut self, consumer: ConsumerId, priority: i64) {
        self.waiting.insert((Reverse(priority), consumer));
        if self.active.is_none() {
            self.succeed();
        }
    }

    pub(super) fn remove(&mut self, consumer: ConsumerId, priority: i64) {
        let rank = (Reverse(priority), consumer);
        if self.active == Some(rank) {
            self.active = None;
            self.succeed();
        } else {
            self.waiting.remove(&rank);
        }
    }

    pub(super) fn front(&self) -> Option<ConsumerId> {
        self.active().filter(|_| self.is_willing)
    }

    pub(super) fn active(&self) -> Option<ConsumerId> {
        self.active.map(|(_, consumer)| consumer)
    }

    pub(super) const fn stand_aside(&mut self) {
        self.is_willing = false;
    }

    pub(super) fn come_back(&mut self, consumer: ConsumerId) {
        if self.active() == Some(consumer) {
            self.is_willing = true;
        }
    }

    pub(super) fn is_outranked(&self) -> bool {
        let higher = |active: Rank| self.waiting.first().is_some_and(|first| first.0 < active.0);
        match self.succession {
            Succession::OnLeave => false,
            Succession::ByPriority => self.active.is_some_and(higher),
        }
    }

    pub(super) fn succeed(&mut self) {
        let Some(next) = self.waiting.pop_first() else { return };
        if let Some(active) = self.active.replace(next) {
            self.waiting.insert(active);
        }
        self.is_willing = true;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn the_highest_of_those_that_wait_takes_over_and_of_equals_the_oldest() {
        let mut single = Single::new(Succession::OnLeave);
        for (consumer, priority) in [(1, 0), (2, 0), (3, 5), (4, 5)] {
            single.add(ConsumerId(consumer), priority);
        }
        let mut order = Vec::new();
        while let Some(active) = single.active() {
            assert!(!single.is_outranked());
            order.push(active.0);
            single.remove(active, if active.0 > 2 { 5 } else { 0 });
        }
        assert_eq!(order, [1, 3, 4, 2]);
    }

    #[test]
    fn only_a_higher_priority_outranks_the_active_one() {
        let mut single = Single::new(Succession::ByPriority);
        single.add(ConsumerId(1), 0);
        single.add(ConsumerId(2), 0);
        assert!(!single.is_outranked());
        single.add(ConsumerId(3), 1);
        assert!(single.is_outranked());
        single.succeed();
        assert_eq!(single.front(), Some(ConsumerId(3)));
        single.remove(ConsumerId(3), 1);
        assert_eq!(single.front(), Some(ConsumerId(1)), "the oldest again");
    }
}
