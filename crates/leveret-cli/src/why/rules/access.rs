//! The queue cannot be come at: unreachable, missing, locked, not permitted.

use super::phrase::quoted;
use crate::why::{
    facts::{Declared, Facts},
    finding::Finding,
};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = door(facts).into_iter().collect();
    let (queue, host) = (quoted(&facts.queue), quoted(&facts.virtual_host));
    findings.extend(facts.shut_out.iter().map(|(user, read)| {
        let what = format!("user `{user}` may not read queue `{}`", facts.queue);
        Finding::cause("no-permission", 93, what)
            .shown_by(format!("its permission to read is the pattern `{read}`"))
            .then(format!("leveret ctl -p {host} list-permissions"))
            .then(format!(
                "leveret ctl -p {host} set-permissions {} CONFIGURE WRITE READ   # READ must match {queue}",
                quoted(user)
            ))
    }));
    findings
}

fn door(facts: &Facts) -> Option<Finding> {
    let (queue, host) = (quoted(&facts.queue), quoted(&facts.virtual_host));
    let owner = facts.listed.as_ref().and_then(|listed| listed.owner.clone());
    match &facts.declared {
        Declared::Unreachable(why) => Some(
            Finding::cause("unreachable", 100, "the broker cannot be reached")
                .shown_by(why.clone())
                .then("leveret doctor"),
        ),
        Declared::Missing(why) => {
            let what =
                format!("queue `{}` does not exist in `{}`", facts.queue, facts.virtual_host);
            Some(
                Finding::cause("no-queue", 98, what)
                    .shown_by(why.clone())
                    .then(format!("leveret ctl -p {host} list-queues"))
                    .then("start the application that declares it"),
            )
        }
        Declared::Locked(why) => {
            let what = format!("queue `{}` belongs to one connection alone", facts.queue);
            let closing = match &owner {
                Some(owner) => format!("leveret ctl -p {host} close-connection {}", quoted(owner)),
                None => format!("leveret ctl -p {host} list-connections"),
            };
            Some(
                Finding::cause("exclusive", 95, what)
                    .shown_by(why.clone())
                    .maybe_shown_by(owner.map(|owner| format!("its owner is {owner}")))
                    .then("declare it without `exclusive`, if others are to consume from it")
                    .then(closing),
            )
        }
        Declared::Refused(why) => Some(
            Finding::cause(
                "no-permission",
                94,
                format!("this user may not look at queue `{}`", facts.queue),
            )
            .shown_by(why.clone())
            .then(format!(
                "leveret ctl -p {host} list-permissions   # a pattern must match {queue}"
            )),
        ),
        Declared::Found { .. } | Declared::Unknown => owner.map(|owner| {
            Finding::note("exclusive", 30, format!("the queue belongs to {owner} alone"))
        }),
    }
}
