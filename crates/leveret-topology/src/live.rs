//! What is on a broker, as far as somebody could see it.

use std::collections::BTreeMap;

use crate::model::{End, Topology};

/// What is there.
#[derive(Debug, Clone, PartialEq)]
pub enum Live {
    /// All of it, as the HTTP API lists it.
    Whole(Snapshot),
    /// What single questions over AMQP found: neither bindings nor policies, nor what the file does not name.
    Probed(Probe),
}

/// All that a virtual host has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The objects.
    pub topology: Topology,
    /// What the queues hold, by their names.
    pub states: BTreeMap<String, QueueState>,
}

/// What a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueState {
    /// Messages, delivered ones among them where that is known.
    pub messages: u64,
    /// Consumers.
    pub consumers: u64,
}

/// What was found of exchanges and queues that the file names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Probe {
    /// What of each; what is missing here was not asked for.
    pub findings: BTreeMap<End, Finding>,
}

/// What the broker said of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is not there.
    Missing,
    /// It is there, and as the file says; a queue with what it holds.
    Same(QueueState),
    /// It is there and otherwise; the broker's words, which name the first difference.
    Differs(String, QueueState),
    /// It is there; whether as the file says could not be asked, and why.
    Unsure(String, QueueState),
}

impl Live {
    /// What a queue holds, if that was seen.
    pub(crate) fn state(&self, queue: &str) -> Option<QueueState> {
        match self {
            Self::Whole(snapshot) => snapshot.states.get(queue).copied(),
            Self::Probed(probe) => match probe.findings.get(&End::Queue(queue.to_owned()))? {
                Finding::Missing => None,
                Finding::Same(state) | Finding::Differs(_, state) | Finding::Unsure(_, state) => {
                    Some(*state)
                }
            },
        }
    }
}
