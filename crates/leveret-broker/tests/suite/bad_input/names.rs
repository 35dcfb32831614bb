//! Rows bad-W50 to bad-W52: names that are reserved, broken, or merely strange.

use expect_test::expect;
use leveret_protocol::{basic, queue};

use super::{
    all, answers, broker, check, connected, declare, declare_exchange, method, publish_to, text,
};

#[tokio::test]
async fn reserved_names_are_refused() {
    check(
        [
            ("W50 a queue", method(declare("amq.mine"))),
            ("W50 an exchange", method(declare_exchange("amq.mine", "direct"))),
            ("W50 a passive look", method(queue::Declare { passive: true, ..declare("amq.mine") })),
            ("W50 an exchange that is there", method(declare_exchange("amq.direct", "direct"))),
        ],
        expect![[r#"
            W50 a queue
                1: channel.close 403 ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*' (50.10)
                alive
            W50 an exchange
                1: channel.close 403 ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*' (40.10)
                alive
            W50 a passive look
                1: channel.close 404 NOT_FOUND - no queue 'amq.mine' in vhost '/' (50.10)
                alive
            W50 an exchange that is there
                1: channel.close 406 PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'amq.direct' in vhost '/': received 'false' but current is 'true' (40.10)
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn line_ends_are_stripped() {
    let get = |name| method(basic::Get { queue: text(name), no_ack: true });
    check(
        [(
            "W51 a line end in a name",
            all([method(declare("a\r\nb")), publish_to("", "ab"), get("ab")]),
        )],
        expect![[r#"
            W51 a line end in a name
                1: queue.declare-ok
                1: basic.get-ok
                frame of kind 2, 14 bytes
                frame of kind 3, 1 bytes
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_strange_name_is_a_name() {
    // W52
    let names = [
        "\u{1f407}".to_owned(),
        "\u{5d0}\u{5e8}\u{5e0}\u{5d1}\u{5ea}".to_owned(),
        "<script>alert(1)</script>".to_owned(),
        "../../etc/passwd".to_owned(),
        " ".to_owned(),
        "%2F".to_owned(),
        "\0".to_owned(),
        "\u{202e}gnp".to_owned(),
        "n".repeat(255),
    ];
    let broker = broker().await;
    for name in &names {
        let mut peer = connected(&broker).await;
        let get = basic::Get { queue: text(name), no_ack: true };
        let bytes = all([method(declare(name)), publish_to("", name), method(get)]);
        let said = answers(&mut peer, &bytes).await.join(", ");
        assert_eq!(
            said,
            "1: queue.declare-ok, 1: basic.get-ok, frame of kind 2, 14 bytes, frame of kind 3, 1 bytes, alive",
            "{name}"
        );
    }
    broker.shutdown().await;
}
