//! What is sent on channels, in order, some of it not before a record is durable.
//!
//! A client takes replies for the next reply it waits for, so nothing on a channel overtakes
//! a reply that waits for the disk.

use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    vec::Vec,
};

use leveret_protocol::ChannelNumber;

use crate::{
    channel::ChannelKey,
    effects::{Effect, Effects},
    identity::{ConnectionId, Lsn},
};

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// What waits, and for which record; what only waits for its turn waits for none.
    held: BTreeMap<ChannelKey, VecDeque<(Lsn, Effect)>>,
    /// The channels whose first held effect waits for a record, by that record.
    waiting: BTreeSet<(Lsn, ChannelKey)>,
    /// Answers promised so far.
    slots: u64,
    /// Where how many wait for the records of the turn that is not finished.
    of_turn: Vec<(ChannelKey, usize)>,
}

/// Where an answer goes that is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot(Lsn);

/// What has to be before something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// It is its turn on its channel.
    Turn,
    /// That record is durable.
    Durable(Lsn),
    /// The records of the turn are durable, which have no number yet.
    EndOfTurn,
}

/// Before the first record.
const NONE: Lsn = Lsn(0);

/// No record comes up to this number: from here on, slots are numbered.
const FIRST_SLOT: u64 = 1 << 63;

/// The record that the turn will end with.
const OF_TURN: Lsn = Lsn(u64::MAX);

impl Outbox {
    /// Sends once all that is held on the channel is sent.
    pub(crate) fn send(&mut self, at: ChannelKey, effect: Effect, effects: &mut Effects) {
        if self.held.is_empty() {
            return effects.push(effect);
        }
        match self.held.get_mut(&at) {
            Some(held) => held.push_back((NONE, effect)),
            None => effects.push(effect),
        }
    }

    /// Sends once that record is durable.
    pub(crate) fn hold(&mut self, at: ChannelKey, until: Lsn, effect: Effect) {
        let held = self.held.entry(at).or_default();
        if held.is_empty() {
            self.waiting.insert((until, at));
        }
        held.push_back((until, effect));
    }

    /// Sends once the records of the turn are durable, which have no number yet.
    pub(crate) fn hold_for_turn(&mut self, at: ChannelKey, effect: Effect) {
        self.held.entry(at).or_default().push_back((OF_TURN, effect));
        self.note_of_turn(at);
    }

    fn note_of_turn(&mut self, at: ChannelKey) {
        match self.of_turn.last_mut() {
            Some((last, count)) if *last == at => *count += 1,
            Some(_) | None => self.of_turn.push((at, 1)),
        }
    }

    /// Keeps a place for an answer; what comes later on the channel waits behind it.
    pub(crate) fn reserve(&mut self, at: ChannelKey, stand_in: Effect) -> Slot {
        self.slots += 1;
        let slot = Slot(Lsn(FIRST_SLOT + self.slots));
        self.held.entry(at).or_default().push_back((slot.0, stand_in));
        slot
    }

    /// Puts an answer in its place.
    pub(crate) fn fill(
        &mut self,
        (at, slot): (ChannelKey, Slot),
        until: Until,
        answer: Effect,
        (durable, effects): (Lsn, &mut Effects),
    ) {
        let Some(held) = self.held.get_mut(&at) else { return };
        let Some(place) = held.iter_mut().find(|(until, _)| *until == slot.0) else { return };
        let until = match until {
            Until::Turn => NONE,
            Until::Durable(lsn) => lsn,
            Until::EndOfTurn => OF_TURN,
        };
        *place = (until, answer);
        if until == OF_TURN {
            self.note_of_turn(at);
        }
        self.release_channel(at, durable, effects);
    }

    /// Nobody waits for the channel's answers that are not known yet.
    pub(crate) fn give_up_slots(&mut self, at: ChannelKey, durable: Lsn, effects: &mut Effects) {
        if let Some(held) = self.held.get_mut(&at) {
            held.retain(|(until, _)| until.0 < FIRST_SLOT || *until == OF_TURN);
            self.release_channel(at, durable, effects);
        }
    }

    /// This is the last record of the turn. What waits for one goes out if there is none.
    pub(crate) fn end_turn(&mut self, last: Option<Lsn>, durable: Lsn, effects: &mut Effects) {
        let is_written = last.is_some();
        let last = last.unwrap_or(NONE);
        for (at, count) in self.of_turn.drain(..) {
            let Some(held) = self.held.get_mut(&at) else { continue };
            // They are the last, mostly: what was held before is not looked at.
            let ends = held.iter_mut().rev().map(|(until, _)| until);
            let ends = ends.filter(|until| **until == OF_TURN).take(count);
            ends.for_each(|until| *until = last);
            if held.front().is_some_and(|(until, _)| *until == last) {
                self.waiting.insert((last, at));
            }
        }
        if !is_written {
            self.release(durable, effects);
        }
    }

    /// Records up to this one are durable.
    pub(crate) fn release(&mut self, upto: Lsn, effects: &mut Effects) {
        while let Some((lsn, at)) = self.waiting.first().copied() {
            if lsn > upto {
                return;
            }
            self.waiting.pop_first();
            self.release_channel(at, upto, effects);
        }
    }

    fn release_channel(&mut self, at: ChannelKey, upto: Lsn, effects: &mut Effects) {
        let Some(held) = self.held.get_mut(&at) else { return };
        while let Some((_, effect)) = held.pop_front_if(|(until, _)| *until <= upto) {
            effects.push(effect);
        }
        match held.front() {
            None => drop(self.held.remove(&at)),
            Some((until, _)) if until.0 < FIRST_SLOT => drop(self.waiting.insert((*until, at))),
            // A slot, or the end of the turn: both see to it when they come.
            Some(_) => {}
        }
    }

    /// The connection is gone.
    pub(crate) fn forget(&mut self, connection: ConnectionId) {
        if self.held.is_empty() {
            return;
        }
        let first = ChannelKey { connection, channel: ChannelNumber::new(0) };
        let last = ChannelKey { connection, channel: ChannelNumber::new(u16::MAX) };
        self.held.extract_if(first..=last, |_, _| true).for_each(drop);
        self.waiting.retain(|(_, at)| at.connection != connection);
    }
}
