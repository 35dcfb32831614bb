//! The engine: one virtual host, driven by inputs.

use bytes::Bytes;
use leveret_protocol::Timestamp;

use crate::{
    churn::Churn,
    effects::Effects,
    host::Host,
    identity::{Lsn, PageId},
    input::Input,
    options::EngineOptions,
    policies::PolicySet,
    record::PageReader,
    recovery::{Recovery, ReplayError},
    turn::Turn,
};

/// One virtual host as a value.
///
/// First [`replay`](Self::replay) every record found on disk, in order, then
/// [`finish_replay`](Self::finish_replay), then [`handle`](Self::handle) inputs. A new virtual
/// host skips the first two.
#[derive(Debug)]
pub struct Engine {
    host: Host,
    recovery: Recovery,
}

impl Engine {
    /// An engine with nothing but the exchanges every virtual host has.
    pub fn new(options: EngineOptions) -> Self {
        Self { host: Host::new(options), recovery: Recovery::default() }
    }

    /// Takes in one record that an earlier engine appended.
    ///
    /// Records come in the order of their numbers; older ones may be missing at the front,
    /// where they were relocated and dropped.
    pub fn replay(&mut self, lsn: Lsn, record: &[u8]) -> Result<(), ReplayError> {
        self.recovery.take(lsn, record)
    }

    /// The policies that hold when the replay is finished: messages that come back live as long as
    /// these say. Later ones come with [`Input::SetPolicies`].
    pub fn replay_policies(&mut self, policies: PolicySet) {
        self.host.policies = policies;
    }

    /// Makes the replayed records the engine's state; the next record has the next number.
    ///
    /// A transaction without its commit is dropped. Messages come back in their order, marked
    /// as redelivered: deliveries are not on record, so any of them may have been seen.
    pub fn finish_replay(&mut self, now: Timestamp) {
        core::mem::take(&mut self.recovery).install(&mut self.host, now);
    }

    /// The pages that are needed: right after [`finish_replay`](Self::finish_replay) all others
    /// that are found may be dropped.
    pub fn pages(&self) -> impl Iterator<Item = PageId> {
        self.host.pages.keys().copied()
    }

    /// What is wrong with a page's content: where in it, and what; nothing if it is whole, or
    /// not needed.
    pub fn page_damage(&self, page: PageId, content: Bytes) -> Option<(usize, &'static str)> {
        let queue = self.host.pages.get(&page)?.queue;
        let mut reader = PageReader::new(page, queue, content);
        while reader.next().is_some() {}
        reader.damage.map(|damage| (damage.offset, damage.problem))
    }

    /// Takes one input and adds what is to be done to `effects`.
    ///
    /// `now` never runs back.
    pub fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Effects) {
        Turn::new(&mut self.host, now, effects).run(input);
    }

    /// When [`Input::Wake`] is due although nothing else happens.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.host.timers.next()
    }

    /// What was counted since this engine was made.
    pub fn churn(&self) -> Churn {
        self.host.churn
    }

    /// When the delivery went out that is unsettled for the longest time.
    pub fn oldest_unsettled(&self) -> Option<Timestamp> {
        let connections = self.host.connections.values();
        let channels = connections.flat_map(|connection| connection.channels.values());
        channels.filter_map(|channel| Some(channel.unacked.oldest()?.sent_at)).min()
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// Whether something was left for later: hand in [`Input::Wake`] before going to sleep.
    pub fn has_work(&self) -> bool {
        !self.host.work.is_empty()
    }
}
