//! What is sent on channels, in order, some of it not before a record is durable.
//!
//! A client takes replies for the next reply it waits for, so nothing on a channel overtakes
//! a reply that waits for the disk.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

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
}

/// Before the first record.
const NONE: Lsn = Lsn(0);

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
