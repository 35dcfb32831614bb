//! What the broker shows of those who consume.

use super::phrase::{counted, quoted};
use crate::why::{
    facts::{Facts, Holder},
    finding::Finding,
};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    [nobody(facts), starved(facts), held(facts), undelivered(facts), alone(facts)]
        .into_iter()
        .flatten()
        .collect()
}

fn listing(facts: &Facts) -> String {
    format!("leveret ctl -p {} list-consumers", quoted(&facts.virtual_host))
}

fn nobody(facts: &Facts) -> Option<Finding> {
    let is_so = facts.consumer_count()? == 0 && facts.unacked().unwrap_or_default() == 0;
    let ready = facts.ready().unwrap_or_default();
    if !is_so || facts.is_taken_from() {
        return None;
    }
    let evidence = format!("0 consumers, {} ready", counted(ready, "message"));
    let queue = quoted(&facts.queue);
    let finding = match ready {
        0 => Finding::note("no-consumer", 40, "nobody consumes from the queue"),
        _ => Finding::cause("no-consumer", 84, "nobody consumes from the queue"),
    };
    Some(
        finding
            .shown_by(evidence)
            .then("start the application that handles it, and read its log for why it does not consume")
            .then(format!("leveret get {queue}   # what waits first"))
            .then(format!("leveret consume {queue}   # takes them by hand")),
    )
}

/// All of it is at one consumer, and others have nothing to do.
fn starved(facts: &Facts) -> Option<Finding> {
    let consumers = facts.consumers.as_ref()?;
    let of = |holder: &Holder| holder.unacked.unwrap_or_default();
    let total: u64 = consumers.iter().map(of).sum();
    let fullest = consumers.iter().max_by_key(|holder| of(holder))?;
    let others_idle = consumers.iter().filter(|holder| of(holder) == 0).count();
    let is_so = consumers.len() > 1
        && of(fullest) > 1
        && of(fullest) == total
        && others_idle + 1 == consumers.len()
        && facts.ready().unwrap_or_default() == 0;
    if !is_so {
        return None;
    }
    let prefetch = match fullest.prefetch {
        Some(0) => ", its prefetch has no limit".to_owned(),
        Some(prefetch) => format!(", its prefetch is {prefetch}"),
        None => String::new(),
    };
    let what = format!("one of {} consumers has all messages, the others wait", consumers.len());
    Some(
        Finding::cause("prefetch-starvation", 82, what)
            .shown_by(format!(
                "{} unacknowledged at consumer `{}` of {}{prefetch}; none ready",
                counted(total, "message"), fullest.tag, fullest.connection
            ))
            .then("give consumers a prefetch near what each works on at a time (a Leveret handler has 1 for each worker)")
            .then(format!(
                "leveret ctl -p {} close-connection {}   # its messages go to the others",
                quoted(&facts.virtual_host),
                quoted(&fullest.connection)
            )),
    )
}

/// Delivered, and not acknowledged.
fn held(facts: &Facts) -> Option<Finding> {
    let (unacked, consumers) = (facts.unacked()?, facts.consumer_count()?);
    let is_told_better = !facts.handlers.is_empty();
    let is_so = unacked > 0 && facts.flow.taken_per_sec == Some(0.0);
    if !is_so || is_told_better {
        return None;
    }
    let seconds = facts.flow.seconds;
    Some(
        Finding::cause(
            "blocked-consumer",
            74,
            "consumers have messages in hand and acknowledge none",
        )
        .shown_by(format!(
            "{} unacknowledged at {}, none acknowledged in {seconds:.1} s",
            counted(unacked, "message"),
            counted(consumers, "consumer")
        ))
        .then(listing(facts))
        .then(
            "look into the consumers' logs; a handler may wait for something that does not answer",
        )
        .then("with `--app ADDR` handlers of Leveret applications tell more"),
    )
}

/// There are consumers, and the broker delivers nothing.
fn undelivered(facts: &Facts) -> Option<Finding> {
    let (ready, consumers) = (facts.ready()?, facts.consumer_count()?);
    let unacked = facts.listed.as_ref()?.unacked?;
    let is_so = ready > 0 && consumers > 0 && unacked == 0 && facts.flow.taken_per_sec == Some(0.0);
    let state = facts.listed.as_ref().and_then(|listed| listed.state.clone());
    is_so.then(|| {
        Finding::cause(
            "not-delivered",
            70,
            "there are consumers, and the broker delivers nothing to them",
        )
        .shown_by(format!("{} ready, none unacknowledged", counted(ready, "message")))
        .maybe_shown_by(state.map(|state| format!("the queue's state is `{state}`")))
        .then("a consumer may have stopped the flow of its channel, or not read its connection")
        .then(listing(facts))
    })
}

fn alone(facts: &Facts) -> Option<Finding> {
    let holder = facts.consumers.as_ref()?.iter().find(|holder| holder.is_exclusive)?;
    let what = format!("consumer `{}` of {} consumes alone", holder.tag, holder.connection);
    let closing = quoted(&holder.connection);
    let host = quoted(&facts.virtual_host);
    Some(
        Finding::note("exclusive-consumer", 45, what)
            .shown_by("others that want to consume are refused: 403 exclusive use")
            .then(format!("leveret ctl -p {host} close-connection {closing}")),
    )
}
