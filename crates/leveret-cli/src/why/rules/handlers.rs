//! What the framework's handlers say of themselves.

use super::phrase::{counted, quoted};
use crate::why::{
    facts::{Facts, HandlerFacts},
    finding::Finding,
};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    facts.handlers.iter().filter_map(|handler| finding(facts, handler)).collect()
}

fn finding(facts: &Facts, handler: &HandlerFacts) -> Option<Finding> {
    match handler.state.as_str() {
        "paused" | "draining" => Some(paused(handler)),
        "breaker_open" => Some(breaker(handler)),
        _ => parked(handler).or_else(|| failing(handler)).or_else(|| blocked(facts, handler)),
    }
}

fn steering(handler: &HandlerFacts, verb: &str) -> String {
    format!("leveret handlers --app {} {verb}", quoted(&handler.app))
}

fn last_error(handler: &HandlerFacts) -> Option<String> {
    handler.last_error.as_ref().map(|error| format!("its newest error: {error}"))
}

fn paused(handler: &HandlerFacts) -> Finding {
    let HandlerFacts { name, in_hand, .. } = handler;
    let Some(pause) = &handler.pause else {
        return Finding::cause(
            "stopping",
            90,
            format!("the application of handler `{name}` stops"),
        )
        .then(steering(handler, "ls"));
    };
    let still = format!("{} still in hand", counted(*in_hand, "message"));
    Finding::cause("paused", 90, format!("an operator has paused handler `{name}`"))
        .shown_by(format!("paused by {pause}"))
        .maybe_shown_by((*in_hand > 0).then_some(still))
        .then(steering(handler, &format!("resume {}", quoted(name))))
}

fn breaker(handler: &HandlerFacts) -> Finding {
    let HandlerFacts { name, .. } = handler;
    let what = format!("handler `{name}` has stopped itself, as what it depends on fails");
    Finding::cause("breaker-open", 88, what)
        .maybe_shown_by(last_error(handler))
        .then("mend what it depends on: it tries one message by itself, and goes on once that succeeds")
        .then(steering(handler, "ls"))
}

fn parked(handler: &HandlerFacts) -> Option<Finding> {
    let (key, attempts, behind) = handler.parked.first()?;
    let (name, keys) = (&handler.name, handler.parked.len());
    let what = match keys {
        1 => format!("key `{key}` of handler `{name}` waits for its first message, which fails"),
        keys => {
            format!("{keys} keys of handler `{name}` wait, each for its first message, which fails")
        }
    };
    Some(
        Finding::cause("poison-key", 86, what)
            .shown_by(format!(
                "`{key}`: tried {attempts} times, {} behind it",
                counted(*behind, "message")
            ))
            .maybe_shown_by(last_error(handler))
            .then("mend the cause; the key goes on with the next attempt")
            .then("let such a message become a dead letter: `Ordered::on_failure(OnFailure::DeadLetter)`"),
    )
}

fn failing(handler: &HandlerFacts) -> Option<Finding> {
    let is_so = handler.failed_per_sec > 0.0 && handler.handled_per_sec <= 0.0;
    let HandlerFacts { name, failed_per_sec, .. } = handler;
    is_so.then(|| {
        Finding::cause("failing", 76, format!("every attempt of handler `{name}` fails"))
            .shown_by(format!("{failed_per_sec:.1} attempts failed a second, none succeeded"))
            .maybe_shown_by(last_error(handler))
            .then(steering(handler, &format!("pause {} --for 10m --reason WHY", quoted(name))))
            .then("leveret dlq group QUEUE.dead")
    })
}

fn blocked(facts: &Facts, handler: &HandlerFacts) -> Option<Finding> {
    let HandlerFacts { name, in_hand, workers, quiet_secs, .. } = handler;
    let is_so = *in_hand > 0
        && *quiet_secs >= facts.stuck_after.as_secs()
        && handler.handled_per_sec <= 0.0;
    is_so.then(|| {
        Finding::cause(
            "blocked-handler",
            80,
            format!("handler `{name}` does not finish what it has in hand"),
        )
        .shown_by(format!(
            "{in_hand} in hand of {}, nothing finished for {quiet_secs} s",
            counted(*workers, "worker")
        ))
        .maybe_shown_by(last_error(handler))
        .then("find out what it waits for; a limit ends such attempts: `Handler::time_limit(..)`")
        .then(steering(handler, &format!("concurrency {} N", quoted(name))))
        .then("restart the application: what is in hand is delivered again")
    })
}
