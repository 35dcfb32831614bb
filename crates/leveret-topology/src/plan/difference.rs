//! What of an object is otherwise than the file says.

use serde_json::Value;

use crate::{
    arguments,
    model::{Arguments, Exchange, Policy, Queue},
};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What: `durable`, `type`, or the name of an argument.
    pub what: String,
    /// What is there, in JSON; nothing if it is not there, or not known.
    pub found: Option<String>,
    /// What the file says, in JSON.
    pub wanted: Option<String>,
    /// The setting of a policy that does the same without a new object.
    pub policy: Option<String>,
}

impl Difference {
    fn new(what: &str, found: Option<&Value>, wanted: Option<&Value>) -> Self {
        Self {
            what: what.to_owned(),
            found: found.map(Value::to_string),
            wanted: wanted.map(Value::to_string),
            policy: in_policy(what, found.is_some()),
        }
    }

    /// What a broker says of the first difference when it refuses a declaration (406).
    pub(super) fn of_refusal(text: &str) -> Self {
        let quoted = |before: &str| {
            let (_, rest) = text.split_once(before)?;
            rest.split_once('\'').map(|(inner, _)| inner.to_owned())
        };
        let what = quoted("inequivalent arg '");
        let found = quoted("but current is the value '").or_else(|| quoted("but current is '"));
        let policy = what.as_deref().and_then(|what| in_policy(what, found.is_some()));
        Self {
            found,
            wanted: quoted("received the value '").or_else(|| quoted("received '")),
            what: what.unwrap_or_else(|| text.to_owned()),
            policy,
        }
    }
}

/// An argument that is there holds beside a policy, so only what is not there can be set by one.
fn in_policy(what: &str, is_there: bool) -> Option<String> {
    arguments::in_policy(what).filter(|_| !is_there).map(ToOwned::to_owned)
}

fn compare<T: Into<Value>>(differences: &mut Vec<Difference>, what: &str, found: T, wanted: T) {
    let (found, wanted) = (found.into(), wanted.into());
    if found != wanted {
        differences.push(Difference::new(what, Some(&found), Some(&wanted)));
    }
}

fn compare_arguments(differences: &mut Vec<Difference>, found: &Arguments, wanted: &Arguments) {
    let names = found.keys().chain(wanted.keys().filter(|name| !found.contains_key(*name)));
    for name in names {
        let (found, wanted) = (found.get(name), wanted.get(name));
        if found != wanted {
            differences.push(Difference::new(name, found, wanted));
        }
    }
}

pub(super) fn of_exchange(found: &Exchange, wanted: &Exchange) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(&mut differences, "type", found.kind.clone(), wanted.kind.clone());
    compare(&mut differences, "durable", found.durable, wanted.durable);
    compare(&mut differences, "auto-delete", found.auto_delete, wanted.auto_delete);
    compare(&mut differences, "internal", found.internal, wanted.internal);
    compare_arguments(&mut differences, &found.arguments, &wanted.arguments);
    differences
}

pub(super) fn of_queue(found: &Queue, wanted: &Queue) -> Vec<Difference> {
    let mut differences = Vec::new();
    // A file that names no type takes what the virtual host gives.
    if let Some(kind) = &wanted.kind {
        compare(&mut differences, "type", found.kind.as_deref().unwrap_or("classic"), kind);
    }
    compare(&mut differences, "durable", found.durable, wanted.durable);
    compare(&mut differences, "auto-delete", found.auto_delete, wanted.auto_delete);
    compare_arguments(&mut differences, &found.arguments, &wanted.arguments);
    differences
}

pub(super) fn of_policy(found: &Policy, wanted: &Policy) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(&mut differences, "pattern", found.pattern.clone(), wanted.pattern.clone());
    compare(&mut differences, "apply-to", found.apply_to.clone(), wanted.apply_to.clone());
    compare(&mut differences, "priority", found.priority, wanted.priority);
    compare_arguments(&mut differences, &found.definition, &wanted.definition);
    for difference in &mut differences {
        difference.policy = None;
    }
    differences
}
