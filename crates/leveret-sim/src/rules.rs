//! Policies that come and go while a world runs.

use leveret_engine::{Policies, PolicySet, PolicyTarget};
use leveret_protocol::{FieldTable, ShortStr};

use crate::{
    chance::Chance,
    topology::{DEAD, QueuePlan, Topology},
};

/// What holds for the queues that follow policies.
#[derive(Debug)]
struct Rules {
    queues: Vec<&'static str>,
    definition: FieldTable,
}

impl Policies for Rules {
    fn definition_for(&self, target: PolicyTarget, name: &ShortStr) -> Option<FieldTable> {
        let is_theirs = target == PolicyTarget::ClassicQueue
            && self.queues.iter().any(|queue| queue.as_bytes() == &**name);
        is_theirs.then(|| self.definition.clone())
    }
}

impl Topology {
    /// Some policies: a time to live, a length, dead letters, or none of them.
    pub(crate) fn policies(&self, chance: &mut Chance) -> PolicySet {
        let queues = self.queues.iter().filter(|queue| queue.is_by_policy());
        let queues: Vec<&QueuePlan> = queues.collect();
        let mut definition = FieldTable::builder();
        if chance.percent(40) {
            let millis = i32::try_from(chance.between(1, 400)).unwrap_or(1);
            definition = definition.insert("message-ttl", millis);
        }
        if chance.percent(40) {
            let length = i32::try_from(chance.between(1, 5)).unwrap_or(1);
            definition = definition.insert("max-length", length);
        }
        if chance.percent(50) && queues.iter().any(|queue| queue.dead_letters_to.is_some()) {
            definition = definition
                .insert("dead-letter-exchange", "")
                .insert("dead-letter-routing-key", DEAD);
        }
        let queues = queues.iter().map(|queue| queue.name).collect();
        PolicySet::new(Rules { queues, definition: definition.build() })
    }
}
