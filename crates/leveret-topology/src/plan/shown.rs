//! A plan as people read it.

use std::fmt::{self, Display, Formatter};

use super::{
    difference::Difference,
    step::{Counts, Deed, Drift, Plan, Step},
};
use crate::model::{Object, shown};

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        body(self, f)?;
        let Counts { add, change, destroy, unseen } = self.counts();
        if self.steps.is_empty() && self.problems.is_empty() {
            return writeln!(f, "No changes: the broker has what the file says.");
        }
        write!(f, "Plan: {add} to add, {change} to change, {destroy} to destroy")?;
        if unseen > 0 {
            write!(f, "; {unseen} not seen")?;
        }
        f.write_str(".\n")
    }
}

impl Display for Drift<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(plan) = self;
        body(plan, f)?;
        let (mut missing, mut different, mut unknown, mut unseen) = (0, 0, 0, 0);
        for step in &plan.steps {
            match step.deed {
                Deed::Add => missing += 1,
                Deed::Change(_) | Deed::Recreate(_) => different += 1,
                Deed::Remove => unknown += 1,
                Deed::AddUnseen => unseen += 1,
                Deed::AddAgain => {}
            }
        }
        if missing + different + unknown == 0 && plan.problems.is_empty() {
            if unseen > 0 {
                return writeln!(f, "No drift seen; {unseen} bindings could not be.");
            }
            return writeln!(f, "No drift: the broker has what the file says.");
        }
        writeln!(f, "Drift: {missing} missing, {different} otherwise, {unknown} not in the file.")
    }
}

fn body(plan: &Plan, f: &mut Formatter<'_>) -> fmt::Result {
    for step in &plan.steps {
        write!(f, "{step}")?;
    }
    for problem in &plan.problems {
        writeln!(f, "  ! {}", shown(problem))?;
    }
    if !plan.steps.is_empty() || !plan.problems.is_empty() {
        f.write_str("\n")?;
    }
    for note in &plan.notes {
        writeln!(f, "Note: {note}")?;
    }
    Ok(())
}

impl Step {
    /// `+`, `~`, `-/+`, `-`, or `?` for what cannot be seen.
    pub const fn sign(&self) -> &'static str {
        match self.deed {
            Deed::Add | Deed::AddAgain => "+",
            Deed::AddUnseen => "?",
            Deed::Change(_) => "~",
            Deed::Recreate(_) => "-/+",
            Deed::Remove => "-",
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:>3} {}{}", self.sign(), self.object, Traits(&self.object))?;
        match self.messages {
            Some(1) => f.write_str(", holds 1 message")?,
            Some(messages) if messages > 1 => write!(f, ", holds {messages} messages")?,
            Some(_) | None => {}
        }
        match &self.deed {
            Deed::Add | Deed::Remove => f.write_str("\n"),
            Deed::AddAgain => f.write_str(", again: an end of it is made anew\n"),
            Deed::AddUnseen => f.write_str(", cannot be seen over AMQP\n"),
            Deed::Change(differences) => {
                f.write_str("\n")?;
                list(f, differences)
            }
            Deed::Recreate(differences) => {
                f.write_str(": must be recreated\n")?;
                list(f, differences)?;
                advise(f, &self.object, differences)
            }
        }
    }
}

fn list(f: &mut Formatter<'_>, differences: &[Difference]) -> fmt::Result {
    for Difference { what, found, wanted, .. } in differences {
        let what = shown(what);
        match (found.as_deref().map(shown), wanted.as_deref().map(shown)) {
            (Some(found), Some(wanted)) => writeln!(f, "      {what}: {found} -> {wanted}")?,
            (None, Some(wanted)) => writeln!(f, "      {what}: none -> {wanted}")?,
            (Some(found), None) => writeln!(f, "      {what}: {found} -> none")?,
            (None, None) => writeln!(f, "      {what}")?,
        }
    }
    Ok(())
}

/// Why it cannot be changed, and what to do instead of losing what is in it.
fn advise(f: &mut Formatter<'_>, object: &Object, differences: &[Difference]) -> fmt::Result {
    let first = differences.first().map(|difference| shown(&difference.what)).unwrap_or_default();
    let is_queue_type = first == "type" && matches!(object, Object::Queue(_));
    let first = if is_queue_type { "x-queue-type".to_owned() } else { first };
    writeln!(
        f,
        "      No broker changes this in place: declaring it is refused with 406, inequivalent arg '{first}'."
    )?;
    let settings: Option<Vec<&str>> =
        differences.iter().map(|difference| difference.policy.as_deref()).collect();
    if let (Object::Queue(_), Some(settings)) = (object, settings.filter(|list| !list.is_empty())) {
        let settings = settings.join(", ");
        writeln!(f, "      A policy can set it without a new queue: {settings}.")?;
    }
    if let Object::Queue(queue) = object {
        let name = shown(&queue.name);
        writeln!(
            f,
            "      To keep its messages: declare a queue of another name, bind it alike, `leveret move {name} \
             --as NEW`,\n      let consumers use it, and take this one out of the file."
        )?;
    }
    Ok(())
}

/// What matters of an object, in brackets.
struct Traits<'a>(&'a Object);

impl Display for Traits<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let life = |durable, auto_delete| match (durable, auto_delete) {
            (true, false) => "durable",
            (true, true) => "durable, auto-delete",
            (false, false) => "transient",
            (false, true) => "transient, auto-delete",
        };
        match self.0 {
            Object::Exchange(exchange) => {
                let internal = if exchange.internal { ", internal" } else { "" };
                let life = life(exchange.durable, exchange.auto_delete);
                write!(f, " ({}, {life}{internal})", shown(&exchange.kind))
            }
            Object::Queue(queue) => {
                let life = life(queue.durable, queue.auto_delete);
                match &queue.kind {
                    Some(kind) => write!(f, " ({life}, {})", shown(kind)),
                    None => write!(f, " ({life})"),
                }
            }
            Object::Policy(policy) => {
                let (target, pattern) = (shown(&policy.apply_to), shown(&policy.pattern));
                write!(f, " ({target} like {pattern})")
            }
            Object::Binding(_) => Ok(()),
        }
    }
}
