//! Rows bad-W66 to bad-W76: consumers, settlements, transactions, old extensions.

use expect_test::expect;
use leveret_protocol::{Properties, basic, channel, confirm, tx};

use super::{all, check, declare, method, method_on, publish, publish_to, text};

fn consume(queue: &str, tag: &str) -> basic::Consume {
    let (queue, consumer_tag) = (text(queue), text(tag));
    basic::Consume { queue, consumer_tag, ..basic::Consume::default() }
}

fn ack(delivery_tag: u64, multiple: bool) -> Vec<u8> {
    method(basic::Ack { delivery_tag, multiple })
}

#[tokio::test]
async fn consumers_are_checked() {
    let exclusive = |tag| basic::Consume { exclusive: true, ..consume("ec", tag) };
    check(
        [
            (
                "W66 a second consumer beside an exclusive one",
                all([method(declare("ec")), method(exclusive("a")), method(consume("ec", "b"))]),
            ),
            (
                "W66 an exclusive consumer beside another",
                all([method(declare("ec")), method(consume("ec", "a")), method(exclusive("b"))]),
            ),
            (
                "W67 the same tag again",
                all([method(declare("c")), method(consume("c", "t")), method(consume("c", "t"))]),
            ),
            (
                "W68 an unknown tag is cancelled",
                method(basic::Cancel { consumer_tag: text("t"), no_wait: false }),
            ),
            (
                "W72 a prefetch size",
                method(basic::Qos { prefetch_size: 100, ..basic::Qos::default() }),
            ),
            ("W72 recover without requeue", method(basic::Recover { requeue: false })),
            ("W72 flow stopped", method(channel::Flow { active: false })),
            (
                "W73 a prefetch of the channel",
                method(basic::Qos { global: true, ..basic::Qos::default() }),
            ),
        ],
        expect![[r#"
            W66 a second consumer beside an exclusive one
                1: queue.declare-ok
                1: basic.consume-ok
                1: channel.close 403 ACCESS_REFUSED - queue 'ec' in vhost '/' in exclusive use (60.20)
                alive
            W66 an exclusive consumer beside another
                1: queue.declare-ok
                1: basic.consume-ok
                1: channel.close 403 ACCESS_REFUSED - queue 'ec' in vhost '/' in exclusive use (60.20)
                alive
            W67 the same tag again
                1: queue.declare-ok
                1: basic.consume-ok
                connection.close 530 NOT_ALLOWED - attempt to reuse consumer tag 't' (60.20)
                eof
            W68 an unknown tag is cancelled
                1: basic.cancel-ok
                alive
            W72 a prefetch size
                connection.close 540 NOT_IMPLEMENTED - prefetch_size!=0 (100) (60.10)
                eof
            W72 recover without requeue
                connection.close 540 NOT_IMPLEMENTED - requeue=false (60.110)
                eof
            W72 flow stopped
                connection.close 540 NOT_IMPLEMENTED - active=false (20.20)
                eof
            W73 a prefetch of the channel
                1: basic.qos-ok
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn settlements_are_checked() {
    let got = || {
        let get = basic::Get { queue: text("s"), no_ack: false };
        all([method(declare("s")), publish_to("", "s"), method(get)])
    };
    check(
        [
            ("W69 an unknown tag is acked", ack(99, false)),
            (
                "W69 an unknown tag is nacked",
                method(basic::Nack { delivery_tag: 99, multiple: false, requeue: true }),
            ),
            (
                "W69 an unknown tag is rejected",
                method(basic::Reject { delivery_tag: 99, requeue: false }),
            ),
            ("W69 acked twice", all([got(), ack(1, false), ack(1, false)])),
            ("W69 tag 0 alone", all([got(), ack(0, false)])),
            (
                "W69 a tag of another channel",
                all([
                    got(),
                    method_on(2, channel::Open),
                    method_on(2, basic::Ack { delivery_tag: 1, multiple: false }),
                ]),
            ),
            ("W70 all of nothing", ack(0, true)),
        ],
        expect![[r#"
            W69 an unknown tag is acked
                1: channel.close 406 PRECONDITION_FAILED - unknown delivery tag 99 (60.80)
                alive
            W69 an unknown tag is nacked
                1: channel.close 406 PRECONDITION_FAILED - unknown delivery tag 99 (60.120)
                alive
            W69 an unknown tag is rejected
                1: channel.close 406 PRECONDITION_FAILED - unknown delivery tag 99 (60.90)
                alive
            W69 acked twice
                1: queue.declare-ok
                1: basic.get-ok
                frame of kind 2, 14 bytes
                frame of kind 3, 1 bytes
                1: channel.close 406 PRECONDITION_FAILED - unknown delivery tag 1 (60.80)
                alive
            W69 tag 0 alone
                1: queue.declare-ok
                1: basic.get-ok
                frame of kind 2, 14 bytes
                frame of kind 3, 1 bytes
                1: channel.close 406 PRECONDITION_FAILED - unknown delivery tag 0 (60.80)
                alive
            W69 a tag of another channel
                2: channel.open-ok
                1: queue.declare-ok
                1: basic.get-ok
                frame of kind 2, 14 bytes
                frame of kind 3, 1 bytes
                2: channel.close 406 PRECONDITION_FAILED - unknown delivery tag 1 (60.80)
                alive
            W70 all of nothing
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn transactions_are_checked() {
    let get = || method_on(9, basic::Get { queue: text("tq"), no_ack: true });
    check(
        [
            ("W74 commit without select", method(tx::Commit)),
            ("W74 rollback without select", method(tx::Rollback)),
            (
                "W74 confirms after a transaction",
                all([method(tx::Select), method(confirm::Select::default())]),
            ),
            (
                "W74 a transaction after confirms",
                all([method(confirm::Select::default()), method(tx::Select)]),
            ),
            (
                "W75 a missing exchange within one: none of it happens",
                all([
                    method(declare("tq")),
                    method(tx::Select),
                    publish_to("", "tq"),
                    publish_to("nope", "tq"),
                    publish_to("", "tq"),
                    method(tx::Commit),
                    get(),
                ]),
            ),
            (
                "W75 an unknown tag within one: none of it happens",
                all([
                    method(tx::Select),
                    publish_to("", "tq"),
                    ack(99, false),
                    method(tx::Commit),
                    get(),
                ]),
            ),
        ],
        expect![[r#"
            W74 commit without select
                1: channel.close 406 PRECONDITION_FAILED - channel is not transactional (90.20)
                alive
            W74 rollback without select
                1: channel.close 406 PRECONDITION_FAILED - channel is not transactional (90.30)
                alive
            W74 confirms after a transaction
                1: tx.select-ok
                1: channel.close 406 PRECONDITION_FAILED - cannot switch from tx to confirm mode (85.10)
                alive
            W74 a transaction after confirms
                1: confirm.select-ok
                1: channel.close 406 PRECONDITION_FAILED - cannot switch from confirm to tx mode (90.10)
                alive
            W75 a missing exchange within one: none of it happens
                1: queue.declare-ok
                1: tx.select-ok
                1: channel.close 404 NOT_FOUND - no exchange 'nope' in vhost '/' (60.40)
                9: basic.get-empty
                alive
            W75 an unknown tag within one: none of it happens
                1: tx.select-ok
                1: channel.close 406 PRECONDITION_FAILED - unknown delivery tag 99 (60.80)
                9: basic.get-empty
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn replies_go_to_consumers_that_are_there() {
    const REPLY_TO: &str = "amq.rabbitmq.reply-to";
    let request = || {
        let properties = Properties::builder().reply_to(text(REPLY_TO)).build();
        publish(basic::Publish { routing_key: text("q"), ..basic::Publish::default() }, &properties)
    };
    check(
        [
            ("W76 no consumer for the reply", request()),
            ("W76 a reply consumer that acknowledges", method(consume(REPLY_TO, "r"))),
        ],
        expect![[r#"
            W76 no consumer for the reply
                1: channel.close 406 PRECONDITION_FAILED - fast reply consumer does not exist (60.40)
                alive
            W76 a reply consumer that acknowledges
                1: channel.close 406 PRECONDITION_FAILED - reply consumer cannot acknowledge (60.20)
                alive
        "#]],
    )
    .await;
}
