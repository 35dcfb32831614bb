//! What becomes of messages on their way to the queue, in it, and out of it again.

use super::phrase::{counted, quoted};
use crate::why::{
    facts::{AskedRoute, Facts},
    finding::Finding,
};

/// A message that came back this often goes round and round.
const DEATHS_MANY: u64 = 3;

/// A message that was delivered this often without an outcome is suspect.
const DELIVERIES_MANY: u64 = 3;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    [alarm(facts), circle(facts), expired(facts), unrouted(facts), unbound(facts), suspect(facts)]
        .into_iter()
        .flatten()
        .collect()
}

fn alarm(facts: &Facts) -> Option<Finding> {
    let first = facts.alarms.first()?;
    let what = "the broker takes nothing more from publishers";
    let mut finding = if facts.has_messages() {
        // What is there can still be handled.
        Finding::note("alarm", 60, what)
    } else {
        Finding::cause("alarm", 92, what)
    };
    for alarm in &facts.alarms {
        finding = finding.shown_by(alarm.clone());
    }
    let fix = if first.contains("disk") {
        "free disk space, or lower the limit; publishers go on by themselves"
    } else {
        "consume what waits or raise the memory limit; publishers go on by themselves"
    };
    Some(finding.then(fix).then("leveret doctor"))
}

fn circle(facts: &Facts) -> Option<Finding> {
    let deaths = facts.head.as_ref().map_or(0, |head| head.deaths_here);
    let has_loop = !facts.dead_letter_loop.is_empty();
    if !has_loop && deaths < DEATHS_MANY {
        return None;
    }
    let way = facts.dead_letter_loop.join(" -> ");
    let what = "dead letters of this queue come back to it";
    let finding = if deaths >= DEATHS_MANY {
        Finding::cause("dead-letter-loop", 87, what)
            .shown_by(format!("the message that goes next came back {deaths} times"))
    } else {
        Finding::note("dead-letter-loop", 50, what)
    };
    Some(
        finding
            .maybe_shown_by(has_loop.then(|| format!("{way} -> {}", facts.queue)))
            .then(format!("leveret get {} --json   # see `x-death`", quoted(&facts.queue)))
            .then("let the consumer reject for good what came back too often, or let dead letters end in a queue of their own"),
    )
}

/// Messages vanish before anybody takes them.
fn expired(facts: &Facts) -> Option<Finding> {
    let listed = facts.listed.as_ref()?;
    let ttl_ms = listed.ttl_ms?;
    let idle = facts.consumer_count().unwrap_or_default() == 0 || !facts.is_taken_from();
    let lost = match (listed.published, listed.delivered) {
        (Some(published), Some(delivered)) => {
            published.saturating_sub(delivered).saturating_sub(facts.ready().unwrap_or_default())
        }
        _ => 0,
    };
    if !idle || (lost == 0 && facts.expired_into.is_none()) {
        return None;
    }
    let gone = (lost > 0).then(|| {
        format!("{} came and neither went to a consumer nor wait", counted(lost, "message"))
    });
    let letters = facts.expired_into.as_ref();
    Some(
        Finding::cause("expired", 85, "messages expire before anybody takes them")
            .shown_by(format!("a message may wait {ttl_ms} ms in this queue"))
            .maybe_shown_by(gone)
            .maybe_shown_by(letters.map(|queue| {
                format!("queue `{queue}` begins with one that expired here (`x-death`)")
            }))
            .then("start consumers, or more of them")
            .then("let messages wait longer: `x-message-ttl` of the queue, or `message-ttl` of its policy")
            .maybe_then(letters.map(|queue| format!("leveret dlq show {}", quoted(queue)))),
    )
}

/// What is published to an exchange does not come here.
fn unrouted(facts: &Facts) -> Option<Finding> {
    let AskedRoute { exchange, key, kind } = facts.asked.as_ref()?;
    let queue = quoted(&facts.queue);
    let named = quoted(exchange);
    let Some(kind) = kind else {
        return Some(
            Finding::cause("no-exchange", 91, format!("exchange `{exchange}` does not exist"))
                .then(format!("leveret ctl -p {} list-exchanges", quoted(&facts.virtual_host))),
        );
    };
    let bindings = facts.bindings.as_ref()?;
    let from = || bindings.iter().filter(|route| route.exchange == *exchange);
    let is_bound = match (kind.as_str(), key) {
        ("topic", Some(key)) => from().any(|route| topic_matches(&route.key, key)),
        ("direct", Some(key)) => from().any(|route| route.key == *key),
        _ => from().next().is_some(),
    };
    if is_bound {
        return None;
    }
    let with = key.as_ref().map_or_else(String::new, |key| format!(" with key `{key}`"));
    let keys: Vec<_> = from().map(|route| format!("`{}`", route.key)).collect();
    let known = (!keys.is_empty()).then(|| format!("it is bound with {}", keys.join(", ")));
    let what = format!("nothing leads from exchange `{exchange}`{with} to this queue");
    Some(
        Finding::cause("unbound", 91, what)
            .shown_by(known.unwrap_or_else(|| "there is no binding between the two".to_owned()))
            .then(format!("bind it: in the handler `.bind(\"{exchange}\", \"KEY\")`, or in the topology file"))
            .then(format!(
                "leveret publish -x {named} -k KEY ...   # fails as `unroutable` where nothing takes it; the queue is {queue}"
            )),
    )
}

/// Whether a topic exchange's pattern takes a key.
fn topic_matches(pattern: &str, key: &str) -> bool {
    fn matches(pattern: &[&str], key: &[&str]) -> bool {
        match (pattern.split_first(), key.split_first()) {
            (None, None) => true,
            (Some((&"#", rest)), None) => matches(rest, key),
            (Some((&"#", rest)), Some((_, after))) => matches(rest, key) || matches(pattern, after),
            (Some((word, rest)), Some((found, after))) => {
                (*word == "*" || word == found) && matches(rest, after)
            }
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
    let words = |text: &str| -> Vec<String> { text.split('.').map(str::to_owned).collect() };
    let (pattern, key) = (words(pattern), words(key));
    // Each `#` multiplies the ways to look; keys have at most 255 bytes.
    let hashes = pattern.iter().filter(|word| *word == "#").count();
    let pattern: Vec<&str> = pattern.iter().map(String::as_str).collect();
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    hashes > 4 || matches(&pattern, &key)
}

/// Nothing leads to it, and nothing is in it.
fn unbound(facts: &Facts) -> Option<Finding> {
    let is_bare = facts.bindings.as_ref()?.is_empty() && facts.asked.is_none();
    let is_unused = facts.flow.arrived_per_sec.unwrap_or_default() <= 0.0 && !facts.has_messages();
    let is_new = facts.listed.as_ref().and_then(|listed| listed.published).unwrap_or_default() == 0;
    if !is_bare || !is_unused {
        return None;
    }
    let what = "no exchange leads to this queue, so only what is published straight to it arrives";
    let finding = if is_new {
        Finding::cause("unbound", 64, what).shown_by("no binding, no message")
    } else {
        Finding::note("unbound", 20, what)
    };
    Some(
        finding
            .then(format!("leveret ctl -p {} list-bindings", quoted(&facts.virtual_host)))
            .then(format!("leveret why {} --exchange EXCHANGE --key KEY", quoted(&facts.queue)))
            .then(
                "bind it: in the handler `.bind(\"EXCHANGE\", \"KEY\")`, or in the topology file",
            ),
    )
}

fn suspect(facts: &Facts) -> Option<Finding> {
    let head = facts.head.as_ref().filter(|head| head.deliveries >= DELIVERIES_MANY)?;
    let id = if head.id.is_empty() { "without an id".to_owned() } else { format!("`{}`", head.id) };
    Some(
        Finding::note(
            "suspect-head",
            66,
            "the message that goes next was in hand often, and came back each time",
        )
        .shown_by(format!(
            "message {id} was delivered {} times without an outcome",
            head.deliveries
        ))
        .then(format!("leveret get {}", quoted(&facts.queue))),
    )
}

/// What there is to say if nothing is wrong.
pub(super) fn all_is_well(facts: &Facts) -> Finding {
    let taken = facts.flow.taken_per_sec;
    let arrived = facts.flow.arrived_per_sec;
    let (ready, unacked) = (facts.ready(), facts.unacked());
    let numbers = format!(
        "{} ready, {} in hand, {}",
        ready.map_or_else(|| "?".to_owned(), |ready| ready.to_string()),
        unacked.map_or_else(|| "?".to_owned(), |unacked| unacked.to_string()),
        counted(facts.consumer_count().unwrap_or_default(), "consumer")
    );
    let finding = match (taken, facts.has_messages()) {
        (Some(taken), _) if taken > 0.0 => {
            let behind = arrived.filter(|arrived| *arrived > taken * 1.1 && ready > Some(0));
            let what = match behind {
                Some(arrived) => {
                    format!("it moves at {taken:.1}/s, and falls behind: {arrived:.1}/s arrive")
                }
                None => format!("all is well: it moves at {taken:.1}/s"),
            };
            let finding = Finding::note("moving", 95, what);
            match behind {
                Some(_) => finding.then("more workers, if the handler can have them: leveret handlers concurrency NAME N"),
                None => finding,
            }
        }
        (_, false) => Finding::note("empty", 95, "all is well: nothing waits in it"),
        (Some(_), true) => {
            let seconds = facts.flow.seconds;
            let what =
                format!("nothing left it in {seconds:.1} s, and nothing that is known keeps it");
            Finding::cause("unexplained", 10, what)
                .then("look again with --watch 30s, with --http URL and with --app ADDR, so that more is known")
        }
        (None, true) => Finding::cause("unknown", 10, "whether it moves is not known")
            .then("look again with --http URL, and with --app ADDR"),
    };
    finding.shown_by(numbers)
}

#[cfg(test)]
mod tests {
    use super::topic_matches;

    #[test]
    fn keys_match_as_a_topic_exchange_matches_them() {
        for (pattern, key, wanted) in [
            ("a.*.c", "a.b.c", true),
            ("a.*.c", "a.c", false),
            ("a.#", "a", true),
            ("#.c", "a.b.c", true),
            ("#", "", true),
            ("a.#.d.#", "a.b.c.d", true),
            ("a", "b", false),
        ] {
            assert_eq!(topic_matches(pattern, key), wanted, "{pattern} {key}");
        }
    }
}
