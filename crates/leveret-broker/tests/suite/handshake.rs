//! The rows bad-W1 to bad-W15: what a peer can do wrong before it is let in.

use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use leveret_broker::{Broker, Limits, Secret, User};
use leveret_protocol::{Method, PROTOCOL_HEADER, channel, connection};
use tokio::{io::DuplexStream, net::TcpStream};

use crate::wire::Wire;

/// A broker with short times.
async fn broker() -> Broker {
    let mut limits = Limits::default();
    limits.handshake_timeout = Duration::from_millis(300);
    limits.refusal_delay = Duration::from_millis(100);
    limits.close_timeout = Duration::from_millis(100);
    let hazel = User::new("hazel", Secret::new("down")).virtual_hosts(["/"]);
    Broker::builder()
        .in_memory()
        .virtual_host("burrow")
        .user(User::guest())
        .user(hazel)
        .limits(limits)
        .listen("127.0.0.1:0".parse().unwrap())
        .start()
        .await
        .unwrap()
}

/// What a peer is answered to the very end if these are its first bytes.
async fn first_bytes(bytes: &[u8], expected: Expect) {
    let broker = broker().await;
    let mut peer = Wire::new(TcpStream::connect(broker.local_addrs()[0]).await.unwrap());
    peer.send(bytes).await;
    expected.assert_eq(&peer.rest().await);
    broker.shutdown().await;
}

/// What a login is answered, to the end or to the tuning.
async fn login(mechanism: &'static str, response: &'static str, capable: bool, expected: Expect) {
    let broker = broker().await;
    let mut peer = Wire::new(broker.connect());
    login_at(&mut peer, mechanism, response, capable, expected).await;
    broker.shutdown().await;
}

async fn login_at(
    peer: &mut Wire<DuplexStream>,
    mechanism: &'static str,
    response: &'static str,
    capable: bool,
    expected: Expect,
) {
    peer.start().await;
    peer.start_ok(mechanism, response, capable).await;
    let answer = peer.next().await;
    if answer.starts_with("connection.close ") {
        peer.send_method(0, connection::CloseOk).await;
        expected.assert_eq(&format!("{answer}\n{}", peer.rest().await));
    } else {
        expected.assert_eq(&answer);
    }
}

#[tokio::test]
async fn a_silent_peer_is_left_after_the_handshake_timeout() {
    // W1, W6
    first_bytes(b"", expect!["eof"]).await;
    first_bytes(b"AMQ", expect!["eof"]).await;
}

#[tokio::test]
async fn a_peer_that_stalls_later_is_left_too() {
    first_bytes(
        &PROTOCOL_HEADER,
        expect![[r#"
        connection.start
        eof"#]],
    )
    .await;
    let broker = broker().await;
    let mut peer = Wire::new(broker.connect());
    peer.start().await;
    peer.start_ok("PLAIN", "\0guest\0guest", true).await;
    expect![[r#"
        connection.tune 2047 131072 60
        eof"#]]
    .assert_eq(&peer.rest().await);
    broker.shutdown().await;
}

#[tokio::test]
async fn another_protocol_is_answered_with_ours() {
    // W2, W3, W4
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"garbage!",
        b"AMQP\x00\x01\x00\x00",
        b"AMQP\x03\x01\x00\x00",
        b"AMQP\x01\x01\x00\x0a",
        b"\0\0\0\0\0\0\0\0",
    ] {
        first_bytes(
            bytes,
            expect![[r#"
            header [0, 0, 9, 1]
            eof"#]],
        )
        .await;
    }
}

#[tokio::test]
async fn the_broker_says_what_it_is_and_can_do() {
    let broker = broker().await;
    let mut peer = Wire::new(broker.connect());
    peer.send(&PROTOCOL_HEADER).await;
    let Ok((0, Method::ConnectionStart(start))) = peer.next_method().await else {
        panic!("another answer")
    };
    let shown: Vec<String> =
        start.server_properties.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    expect![[r#"
        b"PLAIN AMQPLAIN"
        capabilities: Table({"publisher_confirms": Bool(true), "exchange_exchange_bindings": Bool(true), "basic.nack": Bool(true), "consumer_cancel_notify": Bool(true), "connection.blocked": Bool(true), "consumer_priorities": Bool(true), "authentication_failure_close": Bool(true), "per_consumer_qos": Bool(true), "direct_reply_to": Bool(true), "leveret.atomic_transactions": Bool(true), "leveret.peek": Bool(true), "leveret.refused_commits": Bool(true), "leveret.scheduled_messages": Bool(true)})
        product: LongString(b"Leveret")
        version: LongString(b"3.13.7")
        leveret_version: LongString(b"0.1.0")
        platform: LongString(b"Rust")
        information: LongString(b"version names the RabbitMQ release that Leveret behaves like")"#]].assert_eq(&format!("{:?}\n{}", start.mechanisms, shown.join("\n")));
    broker.shutdown().await;
}

#[tokio::test]
async fn the_older_header_of_0_9_is_taken() {
    // W5
    let broker = broker().await;
    let mut peer = Wire::new(broker.connect());
    peer.send(b"AMQP\x01\x01\x00\x09").await;
    assert_eq!(peer.next().await, "connection.start");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_right_login_is_tuned() {
    let tuned = || expect!["connection.tune 2047 131072 60"];
    login("PLAIN", "\0guest\0guest", true, tuned()).await;
    login("PLAIN", "\0hazel\0down", false, tuned()).await;
    let table = "\x05LOGINS\0\0\0\x05guest\x08PASSWORDS\0\0\0\x05guest";
    login("AMQPLAIN", table, true, tuned()).await;
}

#[tokio::test]
async fn a_capable_client_is_told_that_its_login_is_refused() {
    // W7, W9, W10
    let refused = || {
        expect![[r#"
        connection.close 403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile. (0.0)
        eof"#]]
    };
    login("PLAIN", "\0guest\0wrong", true, refused()).await;
    login("PLAIN", "\0nobody\0guest", true, refused()).await;
    login("PLAIN", "\0caf\u{e9}\0guest", true, refused()).await;
    login("PLAIN", "no nuls", true, refused()).await;
    login("PLAIN", "", true, refused()).await;
    login("SPINACH", "", true, expect![[r#"
        connection.close 403 ACCESS_REFUSED - Login was refused using authentication mechanism SPINACH. For details see the broker logfile. (0.0)
        eof"#]]).await;
}

#[tokio::test]
async fn another_client_is_left_without_a_word_after_a_while() {
    // W8, W9
    let before = Instant::now();
    login("PLAIN", "\0guest\0wrong", false, expect!["eof"]).await;
    assert!(before.elapsed() >= Duration::from_millis(100), "guessing is slow");
    login("PLAIN", "\0nobody\0guest", false, expect!["eof"]).await;
    login("SPINACH", "", false, expect!["eof"]).await;
}

#[tokio::test]
async fn guest_is_refused_from_elsewhere() {
    let broker = broker().await;
    let elsewhere = "192.0.2.7:1234".parse().unwrap();
    let mut peer = Wire::new(broker.connect_from(elsewhere));
    login_at(&mut peer, "PLAIN", "\0guest\0guest", true, expect![[r#"
        connection.close 403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile. (0.0)
        eof"#]]).await;
    let mut peer = Wire::new(broker.connect_from(elsewhere));
    let tuned = expect!["connection.tune 2047 131072 60"];
    login_at(&mut peer, "PLAIN", "\0hazel\0down", true, tuned).await;
    broker.shutdown().await;
}

#[tokio::test]
async fn a_frame_too_long_before_the_login_ends_the_connection_at_once() {
    // W11
    for frame in [
        &b"\x01\0\0\xff\xff\xff\xff"[..],
        b"\x01\0\0\0\0\x30\0",
        b"\x01\0\0\0\0\0\x06\0\x0a\0\x0b\xff\xff\xce",
    ] {
        let bytes = [&PROTOCOL_HEADER[..], frame].concat();
        let broker = broker().await;
        let mut peer = Wire::new(broker.connect());
        peer.send(&bytes).await;
        let answer = peer.rest().await;
        assert!(answer.starts_with("connection.start\n") && answer.ends_with("eof"), "{answer}");
        broker.shutdown().await;
    }
}

#[tokio::test]
async fn methods_out_of_order_end_the_connection() {
    // W12
    let broker = broker().await;
    let mut peer = Wire::new(broker.connect());
    peer.start().await;
    peer.open("/").await;
    expect![[r#"
        connection.close 504 CHANNEL_ERROR - unexpected method in connection state starting (10.40)
        eof"#]]
    .assert_eq(&peer.rest().await);

    let mut peer = Wire::new(broker.connect());
    peer.login().await;
    peer.send_method(1, channel::Open).await;
    expect![[r#"
        connection.close 504 CHANNEL_ERROR - unexpected method in connection state opening (20.10)
        eof"#]]
    .assert_eq(&peer.rest().await);
    broker.shutdown().await;
}

#[tokio::test]
async fn a_frame_length_out_of_range_is_refused_with_words() {
    // W13
    let broker = broker().await;
    for (frame_max, expected) in [
        (
            100,
            expect![
                "connection.close 530 NOT_ALLOWED - negotiated frame_max = 100 is lower than the minimum allowed value (4096) (10.30)"
            ],
        ),
        (
            0,
            expect![
                "connection.close 530 NOT_ALLOWED - negotiated frame_max = 0 is higher than the maximum allowed value (131072) (10.30)"
            ],
        ),
        (
            1 << 30,
            expect![
                "connection.close 530 NOT_ALLOWED - negotiated frame_max = 1073741824 is higher than the maximum allowed value (131072) (10.30)"
            ],
        ),
    ] {
        let mut peer = Wire::new(broker.connect());
        peer.start().await;
        peer.start_ok("PLAIN", "\0guest\0guest", true).await;
        assert_eq!(peer.next().await, "connection.tune 2047 131072 60");
        peer.tune_ok(frame_max).await;
        expected.assert_eq(&peer.next().await);
        peer.send_method(0, connection::CloseOk).await;
        assert_eq!(peer.next().await, "eof");
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn an_unknown_or_forbidden_virtual_host_is_refused_with_words() {
    // W14, W15
    let broker = broker().await;
    for (user, virtual_host, expected) in [
        (
            "\0guest\0guest",
            "nope",
            expect!["connection.close 530 NOT_ALLOWED - vhost nope not found (10.40)"],
        ),
        (
            "\0guest\0guest",
            "",
            expect!["connection.close 530 NOT_ALLOWED - vhost  not found (10.40)"],
        ),
        (
            "\0guest\0guest",
            "\0\u{1f407}",
            expect!["connection.close 530 NOT_ALLOWED - vhost ␀🐇 not found (10.40)"],
        ),
        (
            "\0hazel\0down",
            "burrow",
            expect![
                "connection.close 530 NOT_ALLOWED - access to vhost 'burrow' refused for user 'hazel' (10.40)"
            ],
        ),
        ("\0guest\0guest", "burrow", expect!["connection.open-ok"]),
    ] {
        let mut peer = Wire::new(broker.connect());
        peer.start().await;
        peer.start_ok("PLAIN", user, false).await;
        assert_eq!(peer.next().await, "connection.tune 2047 131072 60");
        peer.tune_ok(131_072).await;
        peer.open(virtual_host).await;
        expected.assert_eq(&peer.next().await.replace('\0', "␀"));
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn half_open_connections_are_bounded_and_open_ones_do_not_count() {
    let mut limits = Limits::default();
    limits.half_open_max = 2;
    limits.close_timeout = Duration::from_millis(100);
    limits.connections_max = 4;
    let broker = Broker::builder().in_memory().limits(limits).start().await.unwrap();
    let mut open = Wire::new(broker.connect());
    open.ready().await;
    let mut first = Wire::new(broker.connect());
    first.start().await;
    let second = broker.connect();
    assert_eq!(Wire::new(broker.connect()).next().await, "eof");
    drop(second);
    first.start_ok("PLAIN", "\0guest\0guest", true).await;
    assert_eq!(first.next().await, "connection.tune 2047 131072 60");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_peer_that_sends_much_before_it_is_open_is_left() {
    let broker = broker().await;
    let mut peer = Wire::new(broker.connect());
    peer.start().await;
    let heartbeat = b"\x08\0\0\0\0\0\0\xce";
    // 65,536 bytes, of which the header took eight.
    peer.send(&heartbeat.repeat(8_190)).await;
    peer.start_ok("PLAIN", "\0guest\0guest", true).await;
    assert_eq!(peer.rest().await, "eof");
    broker.shutdown().await;
}
