//! From facts to explanations: each rule knows one situation, and asks nobody.

mod access;
mod consumers;
mod handlers;
mod messages;
mod phrase;

use super::{
    facts::Facts,
    finding::{Finding, ranked},
};

/// All explanations, what explains most first.
pub(super) fn explain(facts: &Facts) -> Vec<Finding> {
    let mut findings = access::findings(facts);
    let is_reached = findings.is_empty();
    findings.extend(handlers::findings(facts));
    if is_reached {
        findings.extend(consumers::findings(facts));
        findings.extend(messages::findings(facts));
    }
    if !findings.iter().any(|finding| finding.is_cause) {
        findings.push(messages::all_is_well(facts));
    }
    ranked(findings)
}

/// Whether messages are handled, or there are none to handle.
pub(super) fn is_well(findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| finding.is_cause)
}
