//! `leveret why`: what keeps a queue from moving, and what to do.
//!
//! Collectors find facts, rules explain them. Rules ask nobody, so each situation is a test.

pub(crate) mod args;
mod collect;
mod facts;
mod finding;
mod rules;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use serde_json::json;

pub(crate) use self::collect::{Api, alarms};
use self::{
    args::WhyArgs,
    facts::Facts,
    finding::Finding,
    rules::{explain, is_well},
};
use crate::{Refusal, exit::Exit, printable};

/// Looks, explains and tells.
pub(crate) fn run(args: WhyArgs) -> Result<Exit, Refusal> {
    let facts = collect::facts(&args)?;
    let findings = explain(&facts);
    let is_well = is_well(&findings);
    let text = if args.json {
        format!("{:#}\n", object(&facts, &findings))
    } else {
        told(&facts, &findings)
    };
    // The shell may have closed the pipe.
    io::stdout().lock().write_all(text.as_bytes()).ok();
    Ok(if is_well { Exit::Success } else { Exit::Failed })
}

fn object(facts: &Facts, findings: &[Finding]) -> serde_json::Value {
    json!({
        "queue": facts.queue,
        "vhost": facts.virtual_host,
        "moves": is_well(findings),
        "ready": facts.ready(),
        "unacknowledged": facts.unacked(),
        "consumers": facts.consumer_count(),
        "watched_secs": facts.flow.seconds,
        "taken_per_sec": facts.flow.taken_per_sec,
        "arrived_per_sec": facts.flow.arrived_per_sec,
        "findings": findings,
        "unknown": facts.unknown,
    })
}

/// For people; what a peer chose cannot move the cursor.
fn told(facts: &Facts, findings: &[Finding]) -> String {
    let mut text = format!("queue `{}` in `{}`\n", facts.queue, facts.virtual_host);
    for finding in findings {
        text.push_str(&format!("\n{}. {}\n", finding.rank, finding.what));
        for evidence in &finding.evidence {
            text.push_str(&format!("   seen: {evidence}\n"));
        }
        for next in &finding.next {
            text.push_str(&format!("   next: {next}\n"));
        }
    }
    if !facts.unknown.is_empty() {
        text.push_str("\nnot known:\n");
        for why in &facts.unknown {
            text.push_str(&format!("   {why}\n"));
        }
    }
    printable::text(&text)
}
