//! Situations as facts, and what is said of each first.

use std::time::Duration;

use super::{
    facts::{AskedRoute, Declared, Facts, Flow, HandlerFacts, Head, Holder, Listed, Route},
    rules::{explain, is_well},
};

/// A queue with so many messages ready, consumers, and messages taken a second.
fn queue(ready: u64, consumers: u64, taken: f64) -> Facts {
    Facts {
        queue: "jobs".to_owned(),
        virtual_host: "/".to_owned(),
        declared: Declared::Found { ready, consumers },
        bindings: Some(vec![route("shop", "order.#")]),
        stuck_after: Duration::from_secs(30),
        flow: Flow { seconds: 2.0, taken_per_sec: Some(taken), arrived_per_sec: Some(0.0) },
        ..Facts::default()
    }
}

fn route(exchange: &str, key: &str) -> Route {
    Route { exchange: exchange.to_owned(), key: key.to_owned() }
}

fn listed(ready: u64, unacked: u64) -> Listed {
    Listed { ready: Some(ready), unacked: Some(unacked), ..Listed::default() }
}

fn handler(state: &str) -> HandlerFacts {
    HandlerFacts {
        app: "127.0.0.1:15680".to_owned(),
        name: "work".to_owned(),
        state: state.to_owned(),
        workers: 2,
        ..HandlerFacts::default()
    }
}

fn holder(connection: &str, unacked: u64) -> Holder {
    Holder {
        connection: connection.to_owned(),
        tag: "t".to_owned(),
        prefetch: Some(0),
        unacked: Some(unacked),
        ..Holder::default()
    }
}

/// The kind of what is said first, and whether all is well.
#[track_caller]
fn check(facts: Facts, kind: &str, wanted_well: bool) {
    let findings = explain(&facts);
    let said: Vec<_> = findings.iter().map(|finding| (finding.kind, &finding.what)).collect();
    assert_eq!(findings[0].kind, kind, "{said:?}");
    assert_eq!(is_well(&findings), wanted_well, "{said:?}");
    assert!(findings.iter().zip(1..).all(|(finding, rank)| finding.rank == rank));
    assert!(is_well(&findings) || !findings[0].next.is_empty(), "a cause has a next step");
}

#[test]
fn it_moves_or_nothing_waits() {
    check(queue(5, 1, 12.0), "moving", true);
    check(queue(0, 1, 0.0), "empty", true);
    let behind = Facts {
        flow: Flow { seconds: 2.0, taken_per_sec: Some(3.0), arrived_per_sec: Some(9.0) },
        ..queue(50, 1, 3.0)
    };
    assert!(explain(&behind)[0].what.contains("falls behind: 9.0/s arrive"));
    check(behind, "moving", true);
}

#[test]
fn who_cannot_come_at_it_is_told_so_first() {
    let at = |declared| Facts { declared, ..queue(5, 0, 0.0) };
    check(at(Declared::Unreachable("refused".to_owned())), "unreachable", false);
    check(at(Declared::Missing("404".to_owned())), "no-queue", false);
    check(at(Declared::Locked("405".to_owned())), "exclusive", false);
    check(at(Declared::Refused("403".to_owned())), "no-permission", false);
    let shut_out = vec![("app".to_owned(), "^other".to_owned())];
    check(Facts { shut_out, ..queue(5, 0, 0.0) }, "no-permission", false);
}

#[test]
fn nobody_consumes() {
    check(queue(5, 0, 0.0), "no-consumer", false);
    let findings = explain(&queue(0, 0, 0.0));
    assert!(is_well(&findings), "an empty queue needs nobody");
    assert!(findings.iter().any(|finding| finding.kind == "no-consumer"));
}

#[test]
fn handlers_say_best_why_they_do_not_go_on() {
    let with = |handler| Facts { handlers: vec![handler], ..queue(5, 0, 0.0) };
    let paused = HandlerFacts { pause: Some("ann".to_owned()), ..handler("paused") };
    check(with(paused.clone()), "paused", false);
    let findings = explain(&with(paused));
    assert_eq!(findings[0].next, ["leveret handlers --app 127.0.0.1:15680 resume work"]);
    check(with(handler("draining")), "stopping", false);
    check(with(handler("breaker_open")), "breaker-open", false);
    let poisoned = HandlerFacts { parked: vec![("ann".to_owned(), 7, 3)], ..handler("running") };
    check(Facts { handlers: vec![poisoned], ..queue(5, 1, 0.0) }, "poison-key", false);
    let failing = HandlerFacts { failed_per_sec: 3.0, ..handler("running") };
    check(Facts { handlers: vec![failing], ..queue(5, 1, 0.0) }, "failing", false);
    let blocked = HandlerFacts { in_hand: 2, quiet_secs: 31, ..handler("running") };
    check(Facts { handlers: vec![blocked.clone()], ..queue(5, 2, 0.0) }, "blocked-handler", false);
    let slow = HandlerFacts { quiet_secs: 29, ..blocked };
    let findings = explain(&Facts { handlers: vec![slow], ..queue(5, 2, 0.0) });
    assert_ne!(findings[0].kind, "blocked-handler");
}

#[test]
fn one_consumer_has_all_and_the_others_wait() {
    let consumers = vec![holder("a", 500), holder("b", 0), holder("c", 0)];
    let starved =
        Facts { listed: Some(listed(0, 500)), consumers: Some(consumers), ..queue(0, 3, 0.0) };
    check(starved.clone(), "prefetch-starvation", false);
    let fair = Facts { consumers: Some(vec![holder("a", 2), holder("b", 1)]), ..starved };
    let findings = explain(&fair);
    assert!(findings.iter().all(|finding| finding.kind != "prefetch-starvation"));
    assert_eq!(findings[0].kind, "blocked-consumer");
    let deaf = Facts { listed: Some(listed(5, 0)), ..queue(5, 2, 0.0) };
    check(deaf, "not-delivered", false);
}

#[test]
fn an_alarm_keeps_publishers_and_not_what_waits() {
    let alarms = vec!["node a: disk alarm".to_owned()];
    check(Facts { alarms: alarms.clone(), ..queue(0, 1, 0.0) }, "alarm", false);
    let findings = explain(&Facts { alarms, ..queue(5, 1, 2.0) });
    assert!(is_well(&findings) && findings.iter().any(|finding| finding.kind == "alarm"));
}

#[test]
fn what_is_published_does_not_come() {
    let bare = Facts { bindings: Some(Vec::new()), ..queue(0, 1, 0.0) };
    check(bare, "unbound", false);
    let asked = |exchange: &str, key: &str, kind: Option<&str>| {
        Some(AskedRoute {
            exchange: exchange.to_owned(),
            key: Some(key.to_owned()),
            kind: kind.map(str::to_owned),
        })
    };
    let at = |asked| Facts { asked, ..queue(0, 1, 0.0) };
    check(at(asked("shop", "order.placed", Some("topic"))), "empty", true);
    check(at(asked("shop", "mail.sent", Some("topic"))), "unbound", false);
    check(at(asked("other", "order.placed", Some("topic"))), "unbound", false);
    check(at(asked("none", "x", None)), "no-exchange", false);
}

#[test]
fn messages_expire_unseen() {
    let listed = Listed {
        ready: Some(0),
        unacked: Some(0),
        ttl_ms: Some(100),
        published: Some(40),
        delivered: Some(2),
        ..Listed::default()
    };
    let expiring = Facts { listed: Some(listed.clone()), ..queue(0, 0, 0.0) };
    check(expiring.clone(), "expired", false);
    let seen = Facts { listed: Some(Listed { delivered: Some(40), ..listed }), ..expiring };
    assert!(explain(&seen).iter().all(|finding| finding.kind != "expired"));
    let told = Facts { expired_into: Some("late".to_owned()), ..seen };
    check(told, "expired", false);
}

#[test]
fn dead_letters_come_back() {
    let head = Some(Head { deaths_here: 4, ..Head::default() });
    let way = vec!["jobs".to_owned(), "jobs.retry".to_owned()];
    let circle = Facts { head, dead_letter_loop: way.clone(), ..queue(1, 1, 50.0) };
    check(circle, "dead-letter-loop", false);
    // A way back alone is how many people make pauses.
    let retry = Facts { dead_letter_loop: way, ..queue(1, 1, 50.0) };
    check(retry, "moving", true);
}

#[test]
fn what_nobody_can_explain_is_not_called_well() {
    let listed = Some(listed(5, 0));
    let odd = Facts { flow: Flow { seconds: 2.0, ..Flow::default() }, listed, ..queue(5, 1, 0.0) };
    let findings = explain(&odd);
    assert_eq!(findings[0].kind, "unknown");
    assert_eq!(explain(&queue(5, 1, 0.0))[0].kind, "unexplained");
}
