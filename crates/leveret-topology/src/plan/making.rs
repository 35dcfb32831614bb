//! A plan while it is made.

use leveret_settings::nearest;

use super::{
    difference::{self, Difference},
    step::{Deed, Plan, Step},
};
use crate::{
    live::{Finding, Live, Snapshot},
    model::{Binding, End, Mode, Object, Topology, is_reserved, shown},
};

/// What was found of one object.
enum Found {
    Missing,
    Alike,
    Otherwise(Vec<Difference>),
}

/// Steps by kind, so that they come in an order in which they can be done.
pub(super) struct Making<'a> {
    wanted: &'a Topology,
    live: &'a Live,
    policies: Vec<Step>,
    added: Vec<Step>,
    recreated: Vec<Step>,
    bound: Vec<Step>,
    unbound: Vec<Step>,
    removed: Vec<Step>,
    problems: Vec<String>,
    notes: Vec<String>,
}

impl<'a> Making<'a> {
    pub(super) const fn new(wanted: &'a Topology, live: &'a Live) -> Self {
        Self {
            wanted,
            live,
            policies: Vec::new(),
            added: Vec::new(),
            recreated: Vec::new(),
            bound: Vec::new(),
            unbound: Vec::new(),
            removed: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn done(self) -> Plan {
        let Self { policies, added, recreated, bound, unbound, removed, .. } = self;
        let steps = [policies, added, recreated, bound, unbound, removed].concat();
        Plan { steps, problems: self.problems, notes: self.notes }
    }

    pub(super) fn add_and_change(&mut self) {
        let wanted = self.wanted;
        for policy in &wanted.policies {
            self.meet(Object::Policy(policy.clone()));
        }
        for exchange in &wanted.exchanges {
            self.meet(Object::Exchange(exchange.clone()));
        }
        for queue in &wanted.queues {
            self.meet(Object::Queue(queue.clone()));
        }
        for binding in wanted.bindings.iter().filter(|binding| binding.mode != Mode::Ignore) {
            self.bind(binding);
        }
        if let Live::Whole(snapshot) = self.live {
            self.keep_bindings(snapshot);
        } else {
            self.tell_what_is_unseen();
        }
    }

    /// One object that is not a binding: the steps that it needs.
    fn meet(&mut self, object: Object) {
        let mode = object.mode();
        let Some(found) = self.find(&object).filter(|_| mode != Mode::Ignore) else { return };
        match (found, mode) {
            (Found::Alike, _) | (_, Mode::Ignore) => {}
            (Found::Missing, Mode::Verify) => {
                self.problems.push(format!("{object} is not there, and the file only verifies it"));
            }
            (Found::Otherwise(differences), Mode::Verify) => {
                let what: Vec<_> = differences.iter().map(|one| one.what.as_str()).collect();
                let what = what.join(", ");
                let text = format!(
                    "{object} is otherwise than the file says, which only verifies it: {what}"
                );
                self.problems.push(text);
            }
            (Found::Missing, Mode::Declare) => {
                let step = self.step(Deed::Add, object);
                let is_policy = matches!(step.object, Object::Policy(_));
                if is_policy { &mut self.policies } else { &mut self.added }.push(step);
            }
            (Found::Otherwise(differences), Mode::Declare) => {
                if matches!(object, Object::Policy(_)) {
                    let step = self.step(Deed::Change(differences), object);
                    self.policies.push(step);
                } else {
                    let step = self.step(Deed::Recreate(differences), object);
                    self.recreated.push(step);
                }
            }
        }
    }

    fn step(&self, deed: Deed, object: Object) -> Step {
        let messages = match (&deed, &object) {
            (Deed::Recreate(_) | Deed::Remove, Object::Queue(queue)) => {
                self.live.state(&queue.name).map(|state| state.messages)
            }
            _ => None,
        };
        Step { deed, object, messages }
    }

    /// What is there of it; nothing if that cannot be seen.
    fn find(&mut self, object: &Object) -> Option<Found> {
        let live = self.live;
        match live {
            Live::Whole(snapshot) => Some(found_in(&snapshot.topology, object)),
            Live::Probed(probe) => match probe.findings.get(&object.as_end()?)? {
                Finding::Missing => Some(Found::Missing),
                Finding::Same(_) => Some(Found::Alike),
                Finding::Differs(text, _) => {
                    Some(Found::Otherwise(vec![Difference::of_refusal(text)]))
                }
                Finding::Unsure(why, _) => {
                    self.notes.push(format!(
                        "{object} is there; whether as the file says is not known: {why}"
                    ));
                    Some(Found::Alike)
                }
            },
        }
    }

    fn bind(&mut self, binding: &Binding) {
        if binding.source.is_empty() {
            let name = shown(binding.destination.name());
            let text =
                format!("the default exchange takes no bindings: it has one of {name} by itself");
            self.problems.push(text);
            return;
        }
        self.check_end(&End::Exchange(binding.source.clone()));
        self.check_end(&binding.destination);
        let is_new = meets(&self.added, binding);
        let deed = match self.live {
            Live::Whole(snapshot) => {
                let is_there = snapshot.topology.bindings.iter().any(|one| one.is_same(binding));
                // Those that are there and lose an end come back with all the others.
                (!is_there).then_some(Deed::Add)
            }
            Live::Probed(_) if is_new => Some(Deed::Add),
            Live::Probed(_) if meets(&self.recreated, binding) => Some(Deed::AddAgain),
            Live::Probed(_) => Some(Deed::AddUnseen),
        };
        let Some(deed) = deed else { return };
        let object = Object::Binding(binding.clone());
        match binding.mode {
            Mode::Declare => self.bound.push(Step { deed, object, messages: None }),
            Mode::Verify if deed != Deed::AddUnseen => {
                self.problems.push(format!("{object} is not there, and the file only verifies it"));
            }
            Mode::Verify | Mode::Ignore => {}
        }
    }

    /// Complains of an end that is neither in the file nor on the broker, if all of that is seen.
    fn check_end(&mut self, end: &End) {
        let Live::Whole(snapshot) = self.live else { return };
        let name = end.name();
        let names = |topology: &'a Topology| -> Vec<&'a str> {
            match end {
                End::Queue(_) => topology.queues.iter().map(|queue| &*queue.name).collect(),
                End::Exchange(_) => topology.exchanges.iter().map(|one| &*one.name).collect(),
            }
        };
        let known = [names(self.wanted), names(&snapshot.topology)].concat();
        if is_reserved(name) || known.contains(&name) {
            return;
        }
        let near = nearest(name, known);
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let text = format!(
            "a binding names {} `{name}`, which is neither in the file nor there{near}",
            end.word()
        );
        if !self.problems.contains(&text) {
            self.problems.push(text);
        }
    }

    /// A binding goes with its ends, so all of an object that is made anew are made again.
    fn keep_bindings(&mut self, snapshot: &Snapshot) {
        let lost = snapshot.topology.bindings.iter().filter(|one| meets(&self.recreated, one));
        let steps: Vec<_> = lost
            .map(|one| Step {
                deed: Deed::AddAgain,
                object: Object::Binding(one.clone()),
                messages: None,
            })
            .collect();
        self.bound.extend(steps);
    }

    fn tell_what_is_unseen(&mut self) {
        if self.bound.iter().any(|step| step.deed == Deed::AddUnseen) {
            let text = "bindings cannot be seen over AMQP; applying makes those of the file, which does no \
                        harm where they are";
            self.notes.push(text.to_owned());
        }
        let declared = |mode: Mode| mode != Mode::Ignore;
        let policies = self.wanted.policies.iter().filter(|policy| declared(policy.mode)).count();
        if policies > 0 {
            let text = format!(
                "policies in the file: {policies}; they need the management API (`--http`)"
            );
            self.notes.push(text);
        }
    }

    pub(super) fn prune(&mut self) {
        let Live::Whole(snapshot) = self.live else {
            let text = "what the file does not know cannot be seen over AMQP; that needs the management API \
                        (`--http`)";
            self.notes.push(text.to_owned());
            return;
        };
        let (wanted, live) = (self.wanted, &snapshot.topology);
        let queues = live.queues.iter().filter(|queue| {
            !wanted.ignores(&queue.name) && !wanted.queues.iter().any(|one| one.name == queue.name)
        });
        let queues: Vec<_> = queues.cloned().map(Object::Queue).collect();
        let exchanges = live.exchanges.iter().filter(|exchange| {
            !wanted.ignores(&exchange.name)
                && !wanted.exchanges.iter().any(|one| one.name == exchange.name)
        });
        let exchanges: Vec<_> = exchanges.cloned().map(Object::Exchange).collect();
        let policies = live.policies.iter().filter(|policy| {
            !wanted.ignores(&policy.name)
                && !wanted.policies.iter().any(|one| one.name == policy.name)
        });
        let policies: Vec<_> = policies.cloned().map(Object::Policy).collect();
        for object in [queues, exchanges, policies].concat() {
            self.remove(object);
        }
        for binding in &live.bindings {
            let is_known = wanted.bindings.iter().any(|one| one.is_same(binding));
            if !is_known && !self.is_others(binding) {
                self.unbind(binding);
            }
        }
    }

    /// Whether an end of the binding is none of the file's business.
    fn is_others(&self, binding: &Binding) -> bool {
        let wanted = self.wanted;
        let is_ignored = [&*binding.source, binding.destination.name()]
            .into_iter()
            .any(|name| wanted.ignores(name));
        let exchanges = wanted.exchanges.iter().cloned().map(Object::Exchange);
        let mut objects = exchanges.chain(wanted.queues.iter().cloned().map(Object::Queue));
        is_ignored
            || objects.any(|object| {
                object.mode() != Mode::Declare
                    && object.as_end().is_some_and(|end| binding.touches(&end))
            })
    }

    fn remove(&mut self, object: Object) {
        let step = self.step(Deed::Remove, object);
        self.removed.push(step);
    }

    /// Removes a binding that does not go with its ends.
    fn unbind(&mut self, binding: &Binding) {
        if meets(&self.removed, binding) {
            return;
        }
        self.bound
            .retain(|step| !matches!(&step.object, Object::Binding(one) if one.is_same(binding)));
        if !meets(&self.recreated, binding) {
            let object = Object::Binding(binding.clone());
            self.unbound.push(Step { deed: Deed::Remove, object, messages: None });
        }
    }

    pub(super) fn delete(&mut self) {
        let wanted = self.wanted;
        let queues = wanted.queues.iter().cloned().map(Object::Queue);
        let exchanges = wanted.exchanges.iter().cloned().map(Object::Exchange);
        let policies = wanted.policies.iter().cloned().map(Object::Policy);
        let objects: Vec<_> = queues.chain(exchanges).chain(policies).collect();
        for object in objects.into_iter().filter(|object| object.mode() == Mode::Declare) {
            match self.find(&object) {
                Some(Found::Alike | Found::Otherwise(_)) => self.remove(object),
                Some(Found::Missing) | None => {}
            }
        }
        for binding in wanted.bindings.iter().filter(|binding| binding.mode == Mode::Declare) {
            let is_there = match self.live {
                Live::Whole(live) => live.topology.bindings.iter().any(|one| one.is_same(binding)),
                Live::Probed(_) => false,
            };
            if is_there {
                self.unbind(binding);
            }
        }
        self.notes.clear();
        if let Live::Probed(_) = self.live {
            let text = "bindings whose ends stay, and policies, are not deleted: they cannot be seen over AMQP";
            self.notes.push(text.to_owned());
        }
    }
}

/// Whether an end of the binding is the object of one of these steps.
fn meets(steps: &[Step], binding: &Binding) -> bool {
    steps.iter().filter_map(|step| step.object.as_end()).any(|end| binding.touches(&end))
}

fn found_in(live: &Topology, object: &Object) -> Found {
    let differences = match object {
        Object::Exchange(wanted) => {
            let found = live.exchanges.iter().find(|one| one.name == wanted.name);
            found.map(|found| difference::of_exchange(found, wanted))
        }
        Object::Queue(wanted) => {
            let found = live.queues.iter().find(|one| one.name == wanted.name);
            found.map(|found| difference::of_queue(found, wanted))
        }
        Object::Policy(wanted) => {
            let found = live.policies.iter().find(|one| one.name == wanted.name);
            found.map(|found| difference::of_policy(found, wanted))
        }
        Object::Binding(wanted) => {
            let found = live.bindings.iter().any(|one| one.is_same(wanted));
            found.then(Vec::new)
        }
    };
    match differences {
        None => Found::Missing,
        Some(differences) if differences.is_empty() => Found::Alike,
        Some(differences) => Found::Otherwise(differences),
    }
}
