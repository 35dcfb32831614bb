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
    waiting: BTreeSet<(Lsn, ChannelKey)>,
    /// Where something waits for the records of the turn that is not finished.
    of_turn: Vec<ChannelKey>,
}

/// Before the first record.
const NONE: Lsn = Lsn(0);

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
        self.held.entry(at).or_default().push_back((until, effect));
        self.waiting.insert((until, at));
    }

    /// Sends once the records of the turn are durable, which have no number yet.
    pub(crate) fn hold_for_turn(&mut self, at: ChannelKey, effect: Effect) {
        self.held.entry(at).or_default().push_back((OF_TURN, effect));
        if self.of_turn.last() != Some(&at) {
            self.of_turn.push(at);
        }
    }

    /// This is the last record of the turn.
    pub(crate) fn end_turn(&mut self, last: Lsn) {
        for at in self.of_turn.drain(..) {
            let Some(held) = self.held.get_mut(&at) else { continue };
            let ends = held.iter_mut().rev().map(|(until, _)| until);
            ends.filter(|until| **until == OF_TURN).for_each(|until| *until = last);
            self.waiting.insert((last, at));
        }
    }

    /// Records up to this one are durable.
    pub(crate) fn release(&mut self, upto: Lsn, effects: &mut Effects) {
        while let Some((lsn, at)) = self.waiting.first().copied() {
            if lsn > upto {
                return;
            }
            self.waiting.pop_first();
            let Some(held) = self.held.get_mut(&at) else { continue };
            while let Some((_, effect)) = held.pop_front_if(|(until, _)| *until <= upto) {
                effects.push(effect);
            }
            if held.is_empty() {
                self.held.remove(&at);
            }
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
