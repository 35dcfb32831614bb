//! Declarations that hold together, whatever is lost of their records.

#![expect(clippy::wildcard_enum_match_arm, reason = "only what the tests look at is named")]

use leveret_engine::{
    Authority, Capabilities, ConnectionId, Effect, Effects, Engine, EngineOptions, Input, Limits,
    Listing, Lsn, Page,
};
use leveret_protocol::{ChannelNumber, Method, ShortStr, Timestamp, queue};

const NOW: Timestamp = Timestamp::from_millis(0);

fn engine() -> Engine {
    let limits = Limits { record_bytes_max: 200, ..Limits::default() };
    Engine::new(EngineOptions { limits, ..EngineOptions::default() })
}

fn queues(engine: &Engine) -> usize {
    match engine.page(Listing::Queues, 0, 1_000).0 {
        Page::Queues(queues) => queues.len(),
        other => panic!("{other:?}"),
    }
}

fn declare(name: &str) -> Method {
    let queue = ShortStr::truncated(name);
    let durable = true;
    Method::QueueDeclare(queue::Declare { queue, durable, no_wait: true, ..Default::default() })
}

/// Declares together, and gives back all effects.
fn together(engine: &mut Engine, methods: Vec<Method>) -> Vec<Effect> {
    let (connection, channel) = (ConnectionId(1), ChannelNumber::new(1));
    let (user, capabilities) = (ShortStr::EMPTY, Capabilities::default());
    let mut effects = Effects::new();
    for input in [
        Input::Connect { connection, user, capabilities, authority: Authority::full() },
        Input::OpenChannel { connection, channel },
        Input::Together { connection, channel, methods },
    ] {
        engine.handle(NOW, input, &mut effects);
    }
    effects.drain().collect()
}

#[test]
fn what_is_lost_of_the_records_takes_all_with_it() {
    let names = (0..50).map(|number| format!("amq.gen-{number}"));
    let effects = together(&mut engine(), names.map(|name| declare(&name)).collect());
    let records: Vec<(Lsn, &bytes::Bytes)> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Append { lsn, record } => Some((*lsn, record)),
            _ => None,
        })
        .collect();
    assert!(records.len() > 3, "they are too large for one: {}", records.len());
    for count in 0..=records.len() {
        let mut engine = engine();
        for (lsn, record) in &records[..count] {
            engine.replay(*lsn, record).unwrap();
        }
        engine.finish_replay(NOW);
        let expected = if count == records.len() { 50 } else { 0 };
        assert_eq!(queues(&engine), expected, "{count} of {} records", records.len());
    }
}

#[test]
fn what_is_refused_does_not_keep_the_rest_from_being_made() {
    let mut engine = engine();
    let bad = Method::QueueDeclare(queue::Declare { passive: true, ..Default::default() });
    let effects = together(&mut engine, vec![declare("a"), bad, declare("b")]);
    assert_eq!(queues(&engine), 2);
    let refused = effects.iter().filter(|effect| matches!(effect, Effect::FailChannel { .. }));
    assert_eq!(refused.count(), 1);
    let mut answers = Effects::new();
    engine.handle(NOW, Input::Durable { upto: Lsn(9) }, &mut answers);
    let is_done = |effect: Effect| matches!(effect, Effect::Send { method, .. } if matches!(*method, Method::TxCommitOk(_)));
    assert!(answers.drain().any(is_done), "once all is durable");
}
