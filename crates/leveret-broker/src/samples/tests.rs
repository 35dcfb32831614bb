//! Looks as they follow each other, at chosen times.

use super::*;

fn queue(name: &'static str, publish: u64, ready: u64) -> QueueView {
    QueueView {
        name: ShortStr::from_static(name),
        durable: true,
        auto_delete: false,
        owner: None,
        queue_type: "classic",
        arguments: leveret_protocol::FieldTable::default(),
        ready,
        ready_bytes: 0,
        unacked: 0,
        unacked_bytes: 0,
        paged: 0,
        paged_bytes: 0,
        consumers: 1,
        exclusive_consumer: None,
        active_consumer: None,
        has_taker: ready == 0,
        head_timestamp: None,
        counts: Counts { publish, ..Counts::default() },
    }
}

fn look(seconds: u64, queues: Vec<QueueView>) -> Look {
    Look { at: Timestamp::from_millis(1_000_000 + seconds * 1000), queues, ..Look::default() }
}

fn rate(samples: &HostSamples, name: &'static str) -> f64 {
    let Change { before, last } = samples.queues[&ShortStr::from_static(name)].counts;
    samples.span.unwrap().rate(before.publish, last.publish)
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 1e-9
}

#[test]
fn a_rate_is_what_came_between_two_looks() {
    let first = HostSamples::default().followed_by(look(0, vec![queue("old", 1000, 5)]));
    assert_eq!(first.span, None, "one look is no rate");
    let second = first.followed_by(look(5, vec![queue("old", 1050, 5), queue("new", 20, 20)]));
    assert!(near(rate(&second, "old"), 10.0));
    assert!(near(rate(&second, "new"), 4.0), "it began at nothing since");
    assert_eq!(second.waiting.last, Waiting { ready: 25, unacked: 0 });
    let third = second.followed_by(look(15, vec![queue("old", 30, 0)]));
    assert!(near(rate(&third, "old"), 3.0), "made anew, it has published 30");
    assert_eq!(third.queues.len(), 1, "what is gone is forgotten");
    let change = third.waiting;
    assert!(near(third.span.unwrap().slope(change.before.ready, change.last.ready), -0.5));
}

#[test]
fn a_queue_is_idle_since_it_last_changed_and_its_consumers_are_as_busy_as_seen() {
    let mut samples = HostSamples::default().followed_by(look(0, vec![queue("q", 1, 1)]));
    for seconds in [5, 10, 15] {
        samples = samples.followed_by(look(seconds, vec![queue("q", 2, 0)]));
    }
    let seen = samples.queues[&ShortStr::from_static("q")];
    assert_eq!(seen.changed_at, Timestamp::from_millis(1_005_000));
    assert!(near(seen.utilisation, 0.488), "{}", seen.utilisation);
}
