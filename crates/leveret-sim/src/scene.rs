//! All that every actor of a world may touch.

use std::fmt;

use leveret_protocol::Timestamp;

use crate::{
    agenda::Agenda,
    chance::Chance,
    event::Event,
    moment::{Moment, WallClock},
    network::Network,
    oracle::Oracle,
    plan::{Conditions, Sabotage},
    statistics::Statistics,
    trace::Trace,
};

#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) now: Moment,
    /// The clients' clock, and the server's.
    pub(crate) client_clock: WallClock,
    pub(crate) server_clock: WallClock,
    pub(crate) chance: Chance,
    pub(crate) agenda: Agenda<Event>,
    pub(crate) network: Network,
    pub(crate) trace: Trace,
    pub(crate) conditions: Conditions,
    pub(crate) sabotage: Sabotage,
    pub(crate) oracle: Oracle,
    pub(crate) statistics: Statistics,
    /// Virtual hosts whose strict queues are not declared yet.
    pub(crate) unfounded: usize,
    /// Whether faults are over, and clients bring what they began to an end.
    pub(crate) is_calm: bool,
}

impl Scene {
    pub(crate) fn plan(&mut self, micros: u64, event: Event) {
        self.agenda.add(self.now.after(micros), event);
    }

    /// About so long: a duration as the disk or a scheduler would have it.
    pub(crate) fn about(&mut self, micros: u64) -> u64 {
        if self.chance.percent(2) {
            return self.chance.between(micros, micros.saturating_mul(50));
        }
        self.chance.between(micros / 2, micros.saturating_mul(2))
    }

    pub(crate) fn server_time(&self) -> Timestamp {
        self.server_clock.read(self.now)
    }

    pub(crate) fn client_time(&self) -> Timestamp {
        self.client_clock.read(self.now)
    }

    pub(crate) fn note(&mut self, text: fmt::Arguments<'_>) {
        self.trace.note(self.now, text);
    }
}
