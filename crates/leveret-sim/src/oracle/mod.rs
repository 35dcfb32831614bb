//! The reference model, and what it objects to.
//!
//! Stands beside the engines and sees their inputs and effects in order. It does not foretell what
//! an engine does; it knows what may not be: once an engine has promised to keep a message, or has
//! answered what came after a settlement, there is no way back, whatever crashes. In between it
//! takes either for possible.

mod effects;
mod inputs;
mod ledger;
mod letter;
mod opening;
mod survey;
mod token;
mod view;

use leveret_engine::{Effect, Input};
use leveret_protocol::Failure;

use self::view::HostView;
pub(crate) use self::{
    letter::{Letter, LetterId, Route, body_of, letter_of},
    survey::{Found, Occasion, Survey},
};
use crate::{place::HostIndex, topology::Topology};

#[derive(Debug)]
pub(crate) struct Oracle {
    topology: Topology,
    letters: Vec<Letter>,
    hosts: Vec<HostView>,
    violation: Option<String>,
    /// Counts of confirmed and delivered messages.
    pub(crate) confirmed: u64,
    pub(crate) delivered: u64,
}

impl Oracle {
    pub(crate) fn new(topology: Topology, hosts: usize) -> Self {
        Self {
            topology,
            letters: Vec::new(),
            hosts: (0..hosts).map(|_| HostView::default()).collect(),
            violation: None,
            confirmed: 0,
            delivered: 0,
        }
    }

    /// What was wrong first, if anything was.
    pub(crate) fn violation(&self) -> Option<&str> {
        self.violation.as_deref()
    }

    pub(crate) fn object(&mut self, text: String) {
        self.violation.get_or_insert(text);
    }

    /// A message that is about to be published.
    pub(crate) fn write_letter(&mut self, letter: Letter) -> LetterId {
        self.letters.push(letter);
        LetterId(self.letters.len() - 1)
    }

    /// Records of that host up to this one are on the disk.
    pub(crate) fn note_synced(&mut self, host: HostIndex, upto: u64) {
        if let Some(view) = self.hosts.get_mut(host.0) {
            view.synced = view.synced.max(upto);
        }
    }

    /// A session gave up its conversation: no peer of a world breaks the protocol.
    pub(crate) fn session_failed(&mut self, failure: &Failure) {
        if let Failure::Protocol(error) = failure {
            self.object(format!("a session says that its peer broke the protocol: {error}"));
        }
    }

    /// An engine is about to take an input.
    pub(crate) fn take_input(&mut self, host: HostIndex, input: &Input) {
        let Some(view) = self.hosts.get_mut(host.0) else { return };
        inputs::take(view, &mut self.letters, &self.topology, input);
    }

    /// What the engine says to it, and whether it has no work left.
    pub(crate) fn take_effects(&mut self, host: HostIndex, effects: &[Effect], is_idle: bool) {
        let Some(view) = self.hosts.get_mut(host.0) else { return };
        view.ledger.close_turn((effects, is_idle), &mut view.tokens, &mut self.letters);
        let mut witness = effects::Witness {
            host,
            view,
            letters: &mut self.letters,
            topology: &self.topology,
            confirmed: &mut self.confirmed,
            delivered: &mut self.delivered,
            objection: None,
        };
        for effect in effects {
            witness.take(effect);
        }
        if let Some(objection) = witness.objection {
            self.object(objection);
        }
    }

    /// What an engine was found to hold, by asking it for everything.
    pub(crate) fn take_survey(&mut self, host: HostIndex, survey: &Survey) {
        let Some(view) = self.hosts.get_mut(host.0) else { return };
        let objection = survey::check(survey, view, &self.letters, &self.topology).err();
        if survey.occasion == Occasion::Restart {
            survey::adopt(survey, view, &self.letters, &self.topology);
        }
        if let Some(objection) = objection {
            self.object(format!("host {}, {}: {objection}", host.0, survey.occasion.name()));
        }
    }
}
