//! Consumers that take turns, those of the highest priority first.

use alloc::collections::{BTreeMap, VecDeque};
use core::cmp::Reverse;

use crate::identity::ConsumerId;

/// Those that can take a message, by priority; there is no empty level.
#[derive(Debug, Default)]
pub(super) struct Turns {
    willing: BTreeMap<Reverse<i64>, Level>,
}

/// The consumers of one priority. One that has left stays until its turn comes, or until half of
/// them have left: to look for it each time would cost as many looks as there are consumers.
#[derive(Debug, Default)]
struct Level {
    ring: VecDeque<ConsumerId>,
    /// Not more of the ring than this have left.
    left: usize,
}

type Members = BTreeMap<ConsumerId, i64>;

impl Turns {
    pub(super) fn add(&mut self, consumer: ConsumerId, priority: i64) {
        self.willing.entry(Reverse(priority)).or_default().ring.push_back(consumer);
    }

    /// One of that priority is no longer a member.
    pub(super) fn remove(&mut self, priority: i64, members: &Members) {
        let Some(level) = self.willing.get_mut(&Reverse(priority)) else { return };
        level.left += 1;
        if level.left > level.ring.len() / 2 {
            level.ring.retain(|known| members.contains_key(known));
            level.left = 0;
        }
        level.skip_left(members);
        if level.ring.is_empty() {
            self.willing.remove(&Reverse(priority));
        }
    }

    pub(super) fn front(&self) -> Option<ConsumerId> {
        self.willing.first_key_value()?.1.ring.front().copied()
    }

    pub(super) fn rotate(&mut self, members: &Members) {
        let Some(mut level) = self.willing.first_entry() else { return };
        let level = level.get_mut();
        if level.ring.len() > 1 {
            level.ring.rotate_left(1);
            level.skip_left(members);
        }
    }

    pub(super) fn stand_aside(&mut self, members: &Members) {
        let Some(mut first) = self.willing.first_entry() else { return };
        let level = first.get_mut();
        level.ring.pop_front();
        level.skip_left(members);
        if level.ring.is_empty() {
            first.remove();
        }
    }
}

impl Level {
    /// Makes a member the front one.
    fn skip_left(&mut self, members: &Members) {
        while self.left > 0
            && self.ring.pop_front_if(|known| !members.contains_key(known)).is_some()
        {
            self.left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// Consumers by number: the tens are the priority.
    fn turns_of(members: &Members) -> Turns {
        let mut turns = Turns::default();
        for (consumer, priority) in members {
            turns.add(*consumer, *priority);
        }
        turns
    }

    fn members(numbers: impl IntoIterator<Item = u64>) -> Members {
        let priority = |number: u64| i64::try_from(number / 10).unwrap();
        numbers.into_iter().map(|number| (ConsumerId(number), priority(number))).collect()
    }

    fn next(turns: &mut Turns, members: &Members) -> u64 {
        let front = turns.front().unwrap().0;
        turns.rotate(members);
        front
    }

    #[test]
    fn the_highest_take_turns_until_they_stand_aside() {
        let members = members([1, 2, 21, 22]);
        let mut turns = turns_of(&members);
        let order: Vec<u64> = (0..3).map(|_| next(&mut turns, &members)).collect();
        assert_eq!(order, [21, 22, 21]);
        turns.stand_aside(&members);
        assert_eq!(turns.front(), Some(ConsumerId(21)));
        turns.stand_aside(&members);
        let order: Vec<u64> = (0..3).map(|_| next(&mut turns, &members)).collect();
        assert_eq!(order, [1, 2, 1]);
        turns.add(ConsumerId(22), 2);
        assert_eq!(turns.front(), Some(ConsumerId(22)));
    }

    #[test]
    fn who_has_left_has_no_turn_and_takes_no_space() {
        let mut all = members(1..10);
        let mut turns = turns_of(&all);
        for gone in [1, 3, 4, 9] {
            all.remove(&ConsumerId(gone));
            turns.remove(0, &all);
            assert_ne!(turns.front(), Some(ConsumerId(gone)));
        }
        let order: Vec<u64> = (0..6).map(|_| next(&mut turns, &all)).collect();
        assert_eq!(order, [2, 5, 6, 7, 8, 2]);
        for gone in [2, 5, 6, 7, 8] {
            all.remove(&ConsumerId(gone));
            turns.remove(0, &all);
        }
        assert_eq!(turns.front(), None);
        assert!(turns.willing.is_empty());
    }
}
