//! A plan as programs read it.

use serde_json::{Value, json};

use super::{
    difference::Difference,
    step::{Counts, Deed, Plan, Step},
};
use crate::model::Object;

impl Plan {
    /// The steps, what is wrong, notes and counts.
    pub fn to_json(&self) -> Value {
        let Counts { add, change, destroy, unseen } = self.counts();
        json!({
            "steps": self.steps.iter().map(Step::to_json).collect::<Value>(),
            "problems": self.problems, "notes": self.notes,
            "add": add, "change": change, "destroy": destroy, "unseen": unseen,
        })
    }
}

impl Step {
    /// The deed, the object, and what differs.
    pub fn to_json(&self) -> Value {
        let (deed, differences) = match &self.deed {
            Deed::Add => ("add", None),
            Deed::AddAgain => ("add-again", None),
            Deed::AddUnseen => ("add-unseen", None),
            Deed::Change(differences) => ("change", Some(differences)),
            Deed::Recreate(differences) => ("recreate", Some(differences)),
            Deed::Remove => ("remove", None),
        };
        let shown = |difference: &Difference| {
            json!({
                "what": difference.what, "found": difference.found, "wanted": difference.wanted,
                "policy": difference.policy,
            })
        };
        let differences: Vec<Value> = differences.into_iter().flatten().map(shown).collect();
        let mut step = json!({
            "deed": deed, "kind": self.object.word(), "differences": differences,
            "messages": self.messages,
        });
        let named = match &self.object {
            Object::Exchange(exchange) => json!({ "name": exchange.name, "type": exchange.kind }),
            Object::Queue(queue) => json!({ "name": queue.name, "type": queue.kind }),
            Object::Policy(policy) => json!({ "name": policy.name }),
            Object::Binding(binding) => json!({
                "source": binding.source, "destination": binding.destination.name(),
                "destination_type": binding.destination.word(), "routing_key": binding.key,
                "arguments": binding.arguments,
            }),
        };
        if let (Value::Object(step), Value::Object(named)) = (&mut step, named) {
            step.extend(named);
        }
        step
    }
}
