//! What the queues hold, as simple as it can be said.
//!
//! The model does not say who gets a message, nor when a queue gives one up; it is told, and
//! objects if that message was not the queue's to give.

use std::{cmp::Reverse, collections::BTreeMap};

/// A message by the number in its body.
pub(crate) type Id = u64;

/// Where in a queue: the higher priority first, then the older.
pub(crate) type Place = (Reverse<u64>, u64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) id: Id,
    pub(crate) persistent: bool,
    pub(crate) kept: bool,
    pub(crate) seen: bool,
    pub(crate) expires_at: Option<u64>,
    /// How often it was given back to a queue that counts.
    pub(crate) returns: u32,
    /// Its first place.
    born: Place,
}

/// What a queue is declared with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) durable: bool,
    pub(crate) dead_letters_to: Option<usize>,
    pub(crate) life: Option<u64>,
    pub(crate) length_max: Option<usize>,
    /// At that length it takes no more.
    pub(crate) takes_max: Option<usize>,
    pub(crate) priority_max: u64,
    /// How often a message may come back, to a queue that counts and puts it first.
    pub(crate) returns_max: Option<u32>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    pub(crate) rules: Rules,
    ready: BTreeMap<Place, Held>,
    out: BTreeMap<Place, Held>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) queues: Vec<Queue>,
    pub(crate) now: u64,
    position: u64,
}

/// What a disk has to give back: for each durable queue, its persistent messages in order, and how
/// often each was given back.
pub(crate) type Kept = Vec<Vec<(Id, u32)>>;

/// Before all priorities that messages have.
const FIRST: u64 = u64::MAX;

/// The priority a message is published with.
pub(crate) const fn priority_of(id: Id) -> u64 {
    id % 4
}

impl Queue {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }
}

impl Model {
    pub(crate) fn put(&mut self, queues: &[usize], id: Id, persistent: bool) {
        self.position += 1;
        for queue in queues {
            let queue = &mut self.queues[*queue];
            let kept = persistent && queue.rules.durable;
            let expires_at = queue.rules.life.map(|life| self.now + life);
            let place = (Reverse(priority_of(id).min(queue.rules.priority_max)), self.position);
            let (seen, returns, born) = (false, 0, place);
            let held = Held { id, persistent, kept, seen, expires_at, returns, born };
            queue.ready.insert(place, held);
        }
    }

    pub(crate) fn refuses(&self, queue: usize) -> bool {
        let Queue { ready, rules, .. } = &self.queues[queue];
        rules.takes_max.is_some_and(|max| ready.len() >= max)
    }

    /// Where the message stands, if it may be given away next. Of those that came back first, it
    /// is not known in which order channels that closed together gave them back.
    pub(crate) fn next_place(&self, queue: usize, id: Id) -> Option<Place> {
        let ready = &self.queues[queue].ready;
        let first = *ready.first_key_value()?.0;
        let came_back = (Reverse(FIRST), 0)..=(Reverse(FIRST), u64::MAX);
        let mut found = ready.range(came_back).chain(ready.get_key_value(&first));
        found
            .find(|(_, held)| held.id == id)
            .map(|(place, _)| *place)
            .filter(|place| place.0 == first.0)
    }

    /// The queue gives a message away that may be the next.
    pub(crate) fn take(
        &mut self,
        queue: usize,
        id: Id,
        (redelivered, returns): (bool, u32),
    ) -> Place {
        let place = self.next_place(queue, id).expect("a queue gives its first message");
        let queue = &mut self.queues[queue];
        let held = queue.ready.remove(&place).expect("the message is there");
        assert_eq!(held.seen, redelivered, "message {id} is marked if it was seen before");
        assert_eq!(held.returns, returns, "message {id} has come back so often");
        assert!(held.expires_at.is_none_or(|at| at > self.now), "message {id} is too old");
        queue.out.insert(place, Held { seen: true, ..held });
        place
    }

    pub(crate) fn settle(&mut self, queue: usize, place: Place) {
        self.queues[queue].out.remove(&place);
    }

    pub(crate) fn give_back(&mut self, queue: usize, place: Place) {
        let queue = &mut self.queues[queue];
        let Some(mut held) = queue.out.remove(&place) else { return };
        let Some(max) = queue.rules.returns_max else {
            queue.ready.insert(place, held);
            return;
        };
        held.returns += 1;
        if held.returns <= max {
            self.position += 1;
            queue.ready.insert((Reverse(FIRST), self.position), held);
        }
    }

    pub(crate) fn reject(&mut self, queue: usize, place: Place) {
        if let Some(held) = self.queues[queue].out.remove(&place) {
            self.bury(queue, &held);
        }
    }

    /// The queue gives its first message up, if that is too old or one too many.
    fn give_up_first(&mut self, queue: usize) -> bool {
        let now = self.now;
        let Queue { ready, rules, .. } = &mut self.queues[queue];
        let is_full = rules.length_max.is_some_and(|max| ready.len() > max);
        let is_old = |held: &Held| held.expires_at.is_some_and(|at| at <= now);
        let Some(first) = ready.first_entry() else { return false };
        if !is_full && !is_old(first.get()) {
            return false;
        }
        let held = first.remove();
        self.bury(queue, &held);
        true
    }

    /// One message is given up that stands before what this queue is said to give.
    pub(crate) fn give_up_for(&mut self, queue: usize) -> bool {
        let leads_here = |rules: &Rules| rules.dead_letters_to == Some(queue);
        self.give_up_first(queue)
            || (0..self.queues.len())
                .any(|from| leads_here(&self.queues[from].rules) && self.give_up_first(from))
    }

    /// All is given up that is too old or too much.
    pub(crate) fn give_up_all(&mut self) {
        while (0..self.queues.len()).any(|queue| self.give_up_first(queue)) {}
    }

    fn bury(&mut self, queue: usize, held: &Held) {
        if let Some(to) = self.queues[queue].rules.dead_letters_to {
            self.put(&[to], held.id, held.persistent);
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
            let all = queue.ready.values().chain(queue.out.values());
            let all: BTreeMap<Place, &Held> = all.map(|held| (held.born, held)).collect();
            all.values().filter(|held| held.kept).map(|held| (held.id, held.returns)).collect()
        };
        self.queues.iter().filter(|queue| queue.rules.durable).map(of_queue).collect()
    }

    /// How many messages there are, each counted in each of its queues.
    pub(crate) fn count(&self) -> usize {
        self.queues.iter().map(|queue| queue.ready.len() + queue.out.len()).sum()
    }
}
