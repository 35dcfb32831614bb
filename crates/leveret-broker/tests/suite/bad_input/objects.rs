//! Rows bad-W53 to bad-W66: what is declared, bound and deleted.

use expect_test::expect;
use leveret_protocol::{FieldValue, basic, exchange, queue};

use super::{
    Row, all, answers, broker, check, connected, declare, declare_exchange, long, method,
    publish_to, table, text,
};

/// A queue with one argument.
fn with(name: &'static str, value: FieldValue) -> Vec<u8> {
    method(queue::Declare { arguments: table([(name, value)]), ..declare("args") })
}

fn bind(queue: &str, exchange: &str, key: &str) -> queue::Bind {
    let (queue, exchange, routing_key) = (text(queue), text(exchange), text(key));
    queue::Bind { queue, exchange, routing_key, ..queue::Bind::default() }
}

#[tokio::test]
async fn what_is_there_is_not_declared_otherwise() {
    let passive = |name: &str| queue::Declare { passive: true, ..declare(name) };
    let again = |change: fn(&mut queue::Declare)| {
        let mut second = declare("twice");
        change(&mut second);
        all([method(declare("twice")), method(second)])
    };
    check(
        [
            ("W53 a missing queue", method(passive("missing"))),
            (
                "W53 a missing exchange",
                method(exchange::Declare {
                    passive: true,
                    ..declare_exchange("missing", "direct")
                }),
            ),
            ("W54 another durable", again(|second| second.durable = true)),
            ("W54 another auto_delete", again(|second| second.auto_delete = true)),
            ("W54 another exclusive", again(|second| second.exclusive = true)),
            (
                "W54 another argument",
                again(|second| second.arguments = table([("x-max-length", FieldValue::I32(1))])),
            ),
            (
                "W54 another type of exchange",
                all([
                    method(declare_exchange("x", "direct")),
                    method(declare_exchange("x", "fanout")),
                ]),
            ),
        ],
        expect![[r#"
            W53 a missing queue
                1: channel.close 404 NOT_FOUND - no queue 'missing' in vhost '/' (50.10)
                alive
            W53 a missing exchange
                1: channel.close 404 NOT_FOUND - no exchange 'missing' in vhost '/' (40.10)
                alive
            W54 another durable
                1: queue.declare-ok
                1: channel.close 406 PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'twice' in vhost '/': received 'true' but current is 'false' (50.10)
                alive
            W54 another auto_delete
                1: queue.declare-ok
                1: channel.close 406 PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue 'twice' in vhost '/': received 'true' but current is 'false' (50.10)
                alive
            W54 another exclusive
                1: queue.declare-ok
                1: channel.close 405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'twice' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration. (50.10)
                alive
            W54 another argument
                1: queue.declare-ok
                1: channel.close 406 PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'twice' in vhost '/': received the value '1' of type 'signedint' but current is none (50.10)
                alive
            W54 another type of exchange
                1: exchange.declare-ok
                1: channel.close 406 PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'x' in vhost '/': received 'fanout' but current is 'direct' (40.10)
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn arguments_are_checked() {
    check(
        [
            ("W55 x-max-length -1", with("x-max-length", FieldValue::I32(-1))),
            ("W55 x-max-length text", with("x-max-length", long("x"))),
            ("W55 x-message-ttl 2^40", with("x-message-ttl", FieldValue::I64(1 << 40))),
            ("W55 x-expires 0", with("x-expires", FieldValue::I32(0))),
            ("W55 x-overflow bogus", with("x-overflow", long("bogus"))),
            ("W55 x-max-priority 256", with("x-max-priority", FieldValue::I32(256))),
            ("W55 x-queue-type bogus", with("x-queue-type", long("bogus"))),
            ("W55 a dead-letter key alone", with("x-dead-letter-routing-key", long("k"))),
            (
                "W55 a dead-letter exchange that is no text",
                with("x-dead-letter-exchange", FieldValue::I32(1)),
            ),
            (
                "W55 a delivery limit on a classic queue",
                with("x-delivery-limit", FieldValue::I32(3)),
            ),
            ("W55 an argument of another's own", with("x-own", FieldValue::Bool(true))),
        ],
        expect![[r#"
            W55 x-max-length -1
                1: channel.close 406 PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'args' in vhost '/': {value_negative,-1} (50.10)
                alive
            W55 x-max-length text
                1: channel.close 406 PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'args' in vhost '/': "expected integer, got longstr" (50.10)
                alive
            W55 x-message-ttl 2^40
                1: channel.close 406 PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue 'args' in vhost '/': {value_too_large,1099511627776} (50.10)
                alive
            W55 x-expires 0
                1: channel.close 406 PRECONDITION_FAILED - invalid arg 'x-expires' for queue 'args' in vhost '/': {value_zero,0} (50.10)
                alive
            W55 x-overflow bogus
                1: channel.close 406 PRECONDITION_FAILED - invalid arg 'x-overflow' for queue 'args' in vhost '/': invalid_overflow (50.10)
                alive
            W55 x-max-priority 256
                1: channel.close 406 PRECONDITION_FAILED - invalid arg 'x-max-priority' for queue 'args' in vhost '/': {max_value_exceeded,256} (50.10)
                alive
            W55 x-queue-type bogus
                1: channel.close 406 PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue 'args' in vhost '/': "unsupported queue type 'bogus'" (50.10)
                alive
            W55 a dead-letter key alone
                1: channel.close 406 PRECONDITION_FAILED - invalid arg 'x-dead-letter-routing-key' for queue 'args' in vhost '/': routing_key_but_no_dlx_defined (50.10)
                alive
            W55 a dead-letter exchange that is no text
                1: channel.close 406 PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'args' in vhost '/' (50.10)
                alive
            W55 a delivery limit on a classic queue
                1: channel.close 406 PRECONDITION_FAILED - invalid arg 'x-delivery-limit' for queue 'args' in vhost '/' of queue type rabbit_classic_queue (50.10)
                alive
            W55 an argument of another's own
                1: queue.declare-ok
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_quorum_queue_is_durable_and_shared() {
    let quorum = |change: fn(&mut queue::Declare)| {
        let arguments = table([("x-queue-type", long("quorum"))]);
        let mut declare = queue::Declare { arguments, durable: true, ..declare("quorum") };
        change(&mut declare);
        method(declare)
    };
    check(
        [
            ("W56 a quorum queue that is not durable", quorum(|declare| declare.durable = false)),
            ("W56 a quorum queue that is exclusive", quorum(|declare| declare.exclusive = true)),
        ],
        expect![[r#"
            W56 a quorum queue that is not durable
                1: channel.close 406 PRECONDITION_FAILED - invalid property 'non-durable' for queue 'quorum' in vhost '/' (50.10)
                alive
            W56 a quorum queue that is exclusive
                1: channel.close 406 PRECONDITION_FAILED - invalid property 'exclusive-owner' for queue 'quorum' in vhost '/' (50.10)
                alive
        "#]],
    )
    .await;
}

fn delete(name: &str) -> exchange::Delete {
    exchange::Delete { exchange: text(name), ..exchange::Delete::default() }
}

fn exchange_bind(source: &str, destination: &str) -> Vec<u8> {
    let (source, destination) = (text(source), text(destination));
    method(exchange::Bind { source, destination, ..exchange::Bind::default() })
}

fn headers(mode: FieldValue) -> Vec<u8> {
    let arguments = table([("x-match", mode)]);
    all([method(declare("h")), method(queue::Bind { arguments, ..bind("h", "amq.headers", "") })])
}

#[tokio::test]
async fn exchanges_are_checked() {
    check(
        [
            ("W57 an unknown type of exchange", method(declare_exchange("odd", "nope"))),
            ("W58 the default exchange is declared", method(declare_exchange("", "direct"))),
            (
                "W58 the default exchange is bound",
                all([method(declare("b")), method(bind("b", "", "k"))]),
            ),
            ("W58 the default exchange is deleted", method(delete(""))),
            ("W58 a system exchange is deleted", method(delete("amq.direct"))),
        ],
        expect![[r#"
            W57 an unknown type of exchange
                1: channel.close 406 PRECONDITION_FAILED - unknown exchange type 'nope' (40.10)
                alive
            W58 the default exchange is declared
                1: channel.close 403 ACCESS_REFUSED - operation not permitted on the default exchange (40.10)
                alive
            W58 the default exchange is bound
                1: queue.declare-ok
                1: channel.close 403 ACCESS_REFUSED - operation not permitted on the default exchange (50.20)
                alive
            W58 the default exchange is deleted
                1: channel.close 403 ACCESS_REFUSED - operation not permitted on the default exchange (40.20)
                alive
            W58 a system exchange is deleted
                1: channel.close 403 ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed (40.20)
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn what_is_missing_is_not_bound_and_need_not_be_deleted() {
    check(
        [
            ("W59 a missing queue is bound", method(bind("missing", "amq.direct", "k"))),
            (
                "W59 a missing exchange is bound to",
                all([method(declare("b")), method(bind("b", "missing", "k"))]),
            ),
            (
                "W60 a missing queue is deleted",
                method(queue::Delete { queue: text("missing"), ..queue::Delete::default() }),
            ),
            ("W60 a missing exchange is deleted", method(delete("missing"))),
            (
                "W60 a missing binding is removed",
                all([
                    method(declare("b")),
                    method(queue::Unbind {
                        queue: text("b"),
                        exchange: text("amq.direct"),
                        ..queue::Unbind::default()
                    }),
                ]),
            ),
            ("W64 a queue without a name, and none declared", method(basic::Get::default())),
        ],
        expect![[r#"
            W59 a missing queue is bound
                1: channel.close 404 NOT_FOUND - no queue 'missing' in vhost '/' (50.20)
                alive
            W59 a missing exchange is bound to
                1: queue.declare-ok
                1: channel.close 404 NOT_FOUND - no exchange 'missing' in vhost '/' (50.20)
                alive
            W60 a missing queue is deleted
                1: queue.delete-ok
                alive
            W60 a missing exchange is deleted
                1: exchange.delete-ok
                alive
            W60 a missing binding is removed
                1: queue.declare-ok
                1: queue.unbind-ok
                alive
            W64 a queue without a name, and none declared
                1: channel.close 404 NOT_FOUND - no previously declared queue (60.70)
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn binding_arguments_and_keys_are_checked() {
    check(
        [
            ("W61 x-match bogus", headers(long("some"))),
            ("W61 x-match empty", headers(long(""))),
            ("W61 x-match a number", headers(FieldValue::I32(1))),
            (
                "W62 two wildcards",
                all([method(declare("t")), method(bind("t", "amq.topic", "#.a.#"))]),
            ),
            (
                "W62 three wildcards",
                all([method(declare("t")), method(bind("t", "amq.topic", "#.#.#"))]),
            ),
            (
                "W62 255 dots",
                all([method(declare("t")), method(bind("t", "amq.topic", &".".repeat(255)))]),
            ),
        ],
        expect![[r#"
            W61 x-match bogus
                1: queue.declare-ok
                1: channel.close 406 PRECONDITION_FAILED - Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x (50.20)
                alive
            W61 x-match empty
                1: queue.declare-ok
                1: channel.close 406 PRECONDITION_FAILED - Invalid x-match field value <<>>; expected all, any, all-with-x, or any-with-x (50.20)
                alive
            W61 x-match a number
                1: queue.declare-ok
                1: channel.close 406 PRECONDITION_FAILED - Invalid x-match field type signedint (value 1); expected longstr (50.20)
                alive
            W62 two wildcards
                1: queue.declare-ok
                1: queue.bind-ok
                alive
            W62 three wildcards
                1: queue.declare-ok
                1: channel.close 406 PRECONDITION_FAILED - binding key has 3 wildcards '#', at most 2 are allowed (50.20)
                alive
            W62 255 dots
                1: queue.declare-ok
                1: queue.bind-ok
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn exchanges_in_a_circle_route_once() {
    check(
        [(
            "W63 exchanges in a circle route once",
            all([
                method(declare_exchange("one", "fanout")),
                method(declare_exchange("two", "fanout")),
                exchange_bind("one", "two"),
                exchange_bind("two", "one"),
                exchange_bind("one", "one"),
                method(declare("once")),
                method(bind("once", "two", "")),
                publish_to("one", ""),
                method(basic::Get { queue: text("once"), no_ack: true }),
                method(basic::Get { queue: text("once"), no_ack: true }),
            ]),
        )],
        expect![[r#"
            W63 exchanges in a circle route once
                1: exchange.declare-ok
                1: exchange.declare-ok
                1: exchange.bind-ok
                1: exchange.bind-ok
                1: exchange.bind-ok
                1: queue.declare-ok
                1: queue.bind-ok
                1: basic.get-ok
                frame of kind 2, 14 bytes
                frame of kind 3, 1 bytes
                1: basic.get-empty
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn an_exclusive_queue_is_its_connections_own() {
    let broker = broker().await;
    let mut owner = connected(&broker).await;
    let exclusive = queue::Declare { exclusive: true, ..declare("mine") };
    let said = answers(&mut owner, &method(exclusive)).await;
    assert_eq!(said, ["1: queue.declare-ok", "alive"]);
    let mut shown = String::new();
    let rows: [Row; 3] = [
        ("W65 declared", method(declare("mine"))),
        ("W65 got from", method(basic::Get { queue: text("mine"), no_ack: true })),
        ("W65 deleted", method(queue::Delete { queue: text("mine"), ..queue::Delete::default() })),
    ];
    for (name, bytes) in rows {
        let mut other = connected(&broker).await;
        shown.push_str(&format!(
            "{name}\n    {}\n",
            answers(&mut other, &bytes).await.join("\n    ")
        ));
    }
    expect![[r#"
        W65 declared
            1: channel.close 405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'mine' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration. (50.10)
            alive
        W65 got from
            1: channel.close 405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'mine' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration. (60.70)
            alive
        W65 deleted
            1: channel.close 405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'mine' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration. (50.40)
            alive
    "#]].assert_eq(&shown);
    broker.shutdown().await;
}
