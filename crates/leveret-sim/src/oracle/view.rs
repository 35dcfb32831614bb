//! One virtual host as the model sees it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use leveret_engine::ConnectionId;
use leveret_protocol::ChannelNumber;

use super::{
    ledger::Ledger,
    letter::LetterId,
    opening::{Opening, Out, RequestKind, Unproven},
    token::{Acceptance, OpeningNumber, Token, TokenEnd, TokenKey},
};
use crate::topology::QueueIndex;

#[derive(Debug, Default)]
pub(super) struct HostView {
    pub(super) ledger: Ledger,
    /// The last record that is on the disk.
    pub(super) synced: u64,
    pub(super) tokens: BTreeMap<TokenKey, Token>,
    pub(super) openings: BTreeMap<OpeningNumber, Opening>,
    pub(super) slots: BTreeMap<(ConnectionId, ChannelNumber), VecDeque<Slot>>,
    pub(super) credits: BTreeMap<ConnectionId, Credit>,
    /// Connections that may neither read nor write.
    pub(super) forbidden: BTreeSet<ConnectionId>,
    /// What they published.
    pub(super) forbidden_letters: BTreeSet<LetterId>,
    /// Who published what, and waits for direct replies to it.
    pub(super) askers: BTreeMap<LetterId, OpeningNumber>,
    /// Replies that were given out.
    pub(super) replied: BTreeSet<LetterId>,
    /// Messages that are kept for their time, for sure, and where they come then.
    pub(super) appointments: BTreeSet<TokenKey>,
    /// Transactions whose commit-ok has not come.
    pub(super) groups: BTreeMap<u64, Group>,
    pub(super) doubts: Vec<Doubt>,
    /// Inputs so far.
    pub(super) sequence: u64,
    /// Messages so far, in the order of their places.
    pub(super) order: u64,
    openings_count: u64,
}

/// What stands at a channel's number, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Opening(OpeningNumber),
    /// The engine was told of the end, and has not answered.
    Closing,
}

/// Something wrong, unless one of these channels has failed or given back what it had.
#[derive(Debug)]
pub(super) struct Doubt {
    sequence: u64,
    text: String,
    about: BTreeSet<OpeningNumber>,
    unproven: BTreeSet<OpeningNumber>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Credit {
    pub(super) granted: u64,
    pub(super) spent: u64,
    pub(super) largest: u64,
}

/// A transaction that was committed, as far as it is certain where it goes.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) opening: OpeningNumber,
    pub(super) publishes: Vec<LetterId>,
    pub(super) came: Vec<TokenKey>,
    pub(super) left: Vec<TokenKey>,
}

impl HostView {
    /// The opening that an input is for.
    pub(super) fn inward(
        &mut self,
        connection: ConnectionId,
        channel: ChannelNumber,
    ) -> Option<OpeningNumber> {
        match self.slots.get(&(connection, channel))?.back() {
            Some(Slot::Opening(number)) => Some(*number),
            Some(Slot::Closing) | None => None,
        }
    }

    /// The opening that an effect is of.
    pub(super) fn outward(
        &mut self,
        connection: ConnectionId,
        channel: ChannelNumber,
    ) -> Option<OpeningNumber> {
        match self.slots.get(&(connection, channel))?.front() {
            Some(Slot::Opening(number)) => Some(*number),
            Some(Slot::Closing) | None => None,
        }
    }

    pub(super) fn open(&mut self, connection: ConnectionId, channel: ChannelNumber) {
        self.openings_count += 1;
        let number = OpeningNumber(self.openings_count);
        self.openings.insert(number, Opening::default());
        self.slots.entry((connection, channel)).or_default().push_back(Slot::Opening(number));
    }

    /// The channel has ended at the engine: what it had goes back.
    pub(super) fn end_opening(&mut self, number: OpeningNumber) {
        let Some(opening) = self.openings.get_mut(&number) else { return };
        self.doubts.retain(|doubt| !doubt.about.contains(&number));
        let settlements = std::mem::take(&mut opening.settlements).into_iter();
        let settled = settlements.map(|(tag, out, _)| (tag, out));
        let outs: Vec<_> = std::mem::take(&mut opening.out).into_iter().chain(settled).collect();
        opening.publishes.clear();
        self.take_back(number, outs);
    }

    /// All that is out on a channel goes back to its queues.
    pub(super) fn recover(&mut self, number: OpeningNumber) {
        let Some(opening) = self.openings.get_mut(&number) else { return };
        self.doubts.retain(|doubt| !doubt.about.contains(&number));
        opening.consumers.values_mut().for_each(|consumer| consumer.under_way = 0);
        let outs = opening.take_out(0, true);
        self.take_back(number, outs);
    }

    /// Deliveries of a channel go back, but for those that are with another already.
    fn take_back(&mut self, number: OpeningNumber, outs: Vec<(u64, Out)>) {
        for (tag, out) in outs {
            if let Some(token) = self.tokens.get_mut(&out.key)
                && token.out == Some((number, tag))
            {
                token.out = None;
            }
        }
    }

    pub(super) fn is_closing(&self, number: OpeningNumber) -> bool {
        self.openings.get(&number).is_some_and(|opening| opening.is_closing)
    }

    /// Whether the engine has taken a `basic.recover` that it has not answered.
    pub(super) fn is_recovering(&self, number: OpeningNumber) -> bool {
        self.openings.get(&number).is_some_and(|opening| {
            opening
                .requests
                .iter()
                .any(|request| matches!(request.kind, RequestKind::Other { answer: (60, 111) }))
        })
    }

    /// All channels of a connection have ended.
    pub(super) fn end_connection(&mut self, connection: ConnectionId) {
        let first = (connection, ChannelNumber::new(0));
        let last = (connection, ChannelNumber::new(u16::MAX));
        let numbers: Vec<OpeningNumber> = self
            .slots
            .range(first..=last)
            .flat_map(|(_, slots)| slots.iter())
            .filter_map(|slot| match slot {
                Slot::Opening(number) => Some(*number),
                Slot::Closing => None,
            })
            .collect();
        for number in numbers {
            self.end_opening(number);
            self.openings.remove(&number);
        }
        self.slots.extract_if(first..=last, |_, _| true).for_each(drop);
        self.credits.remove(&connection);
        self.forbidden.remove(&connection);
    }

    /// What cannot be, if all of these channels live on.
    pub(super) fn doubt(&mut self, text: String, openings: &[OpeningNumber]) {
        let about: BTreeSet<OpeningNumber> = openings.iter().copied().collect();
        let (unproven, sequence) = (about.clone(), self.sequence);
        self.doubts.push(Doubt { sequence, text, about, unproven });
    }

    /// The channel has not failed before that input: what came earlier counts.
    pub(super) fn prove(&mut self, number: OpeningNumber, before: u64) -> Option<String> {
        let of_number =
            |doubt: &&mut Doubt| doubt.sequence < before && doubt.unproven.contains(&number);
        for doubt in self.doubts.iter_mut().filter(of_number) {
            doubt.unproven.remove(&number);
        }
        let certain = self.doubts.iter().find(|doubt| doubt.unproven.is_empty());
        let objection = certain.map(|doubt| doubt.text.clone());
        let opening = self.openings.get_mut(&number)?;
        while let Some((_, item)) =
            opening.unproven.pop_front_if(|(sequence, _)| *sequence < before)
        {
            match item {
                Unproven::Published(letter) => accept(&mut self.tokens, letter, Acceptance::Taken),
                Unproven::Died(key) => {
                    if let Some(token) = self.tokens.get_mut(&key) {
                        token.accept(Acceptance::Taken);
                    }
                }
                Unproven::Left(key) => {
                    if let Some(token) = self.tokens.get_mut(&key) {
                        prove_end(token);
                    }
                }
            }
        }
        objection
    }

    /// A channel has failed: had its last transaction been committed, that would have been answered.
    pub(super) fn fail_opening(&mut self, number: OpeningNumber) {
        self.end_opening(number);
        self.openings.remove(&number);
        let of_opening = |_: &u64, group: &mut Group| group.opening == number;
        let groups: Vec<Group> =
            self.groups.extract_if(.., of_opening).map(|(_, group)| group).collect();
        for group in groups {
            for key in group.came {
                match self.tokens.get_mut(&key) {
                    // It may die again.
                    Some(token) if token.is_death => drop(self.tokens.remove(&key)),
                    Some(token) => token.end = TokenEnd::Gone,
                    None => {}
                }
            }
            for key in group.left {
                if let Some(token) = self.tokens.get_mut(&key)
                    && !token.has_left()
                {
                    token.end = TokenEnd::Here;
                }
            }
        }
    }

    /// A message is given out: that tells of a transaction without an answer whether it was committed.
    pub(super) fn decide_groups(&mut self, key: TokenKey) {
        let of_key =
            |_: &u64, group: &mut Group| group.came.contains(&key) || group.left.contains(&key);
        let groups: Vec<Group> =
            self.groups.extract_if(.., of_key).map(|(_, group)| group).collect();
        for group in groups.into_iter().filter(|group| group.came.contains(&key)) {
            for key in group.came {
                if let Some(token) = self.tokens.get_mut(&key) {
                    token.accept(Acceptance::Taken);
                }
            }
            for key in group.left {
                self.tokens.get_mut(&key).into_iter().for_each(prove_end);
            }
        }
    }
}

/// A publish counts. Whether a message died as well hangs on the channel that rejected it.
pub(super) fn accept(
    tokens: &mut BTreeMap<TokenKey, Token>,
    letter: LetterId,
    acceptance: Acceptance,
) {
    let (first, last) = ((letter, QueueIndex(0)), (letter, QueueIndex(usize::MAX)));
    let published = tokens.range_mut(first..=last).filter(|(_, token)| !token.is_death);
    published.for_each(|(_, token)| token.accept(acceptance));
}

pub(super) fn prove_end(token: &mut Token) {
    if let TokenEnd::Leaving { is_proven, .. } = &mut token.end {
        *is_proven = true;
    }
}
