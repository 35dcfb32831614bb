//! Rows bad-W39 to bad-W49: what a publish says of its message and its way.

use expect_test::expect;
use leveret_protocol::{FieldValue, Method, Properties, ShortStr, basic, confirm, queue};

use super::{
    all, broker, check, connected, declare, declare_exchange, exchange, long, method, publish,
    publish_to, table, text,
};

fn to_q(properties: Properties) -> Vec<u8> {
    publish(basic::Publish { routing_key: text("q"), ..basic::Publish::default() }, &properties)
}

fn expiring(expiration: &str) -> Vec<u8> {
    to_q(Properties::builder().expiration(text(expiration)).build())
}

fn with_header(name: &'static str, value: FieldValue) -> Vec<u8> {
    to_q(Properties::builder().headers(table([(name, value)])).build())
}

#[tokio::test]
async fn odd_headers_come_back_byte_by_byte() {
    // W39: twice the same key, an empty one, one of 255 bytes; a decimal, nothing, bytes, no
    // number, the smallest and the largest one.
    let mut raw = b"\x01at\x01\x01at\0\0V\x01dD\x02\0\0\0\x07\x01xx\0\0\0\x02\xff\0".to_vec();
    raw.extend_from_slice(b"\x01nd\x7f\xf8\0\0\0\0\0\0\x01ml\x80\0\0\0\0\0\0\0\xff");
    raw.extend_from_slice(&[b'k'; 255]);
    raw.extend_from_slice(b"S\0\0\0\0\x01uT\xff\xff\xff\xff\xff\xff\xff\xff");
    let length = u32::try_from(raw.len()).unwrap().to_be_bytes();
    let properties = [b"\x20\0", &length[..], &raw].concat();

    let broker = broker().await;
    let mut peer = connected(&broker).await;
    peer.send_method(1, declare("q")).await;
    assert_eq!(peer.next().await, "1: queue.declare-ok");
    let sent = Properties::from_bytes(properties.clone().into()).unwrap();
    peer.send(&to_q(sent)).await;
    peer.send_method(1, basic::Get { queue: text("q"), no_ack: true }).await;
    assert!(matches!(peer.next_method().await, Ok((1, Method::BasicGetOk(_)))));
    let header = peer.content_header().await;
    assert_eq!(header[12..], properties[..]);
    broker.shutdown().await;
}

#[tokio::test]
async fn properties_are_checked() {
    let full = ShortStr::new(vec![b'p'; 255]).unwrap();
    check(
        [
            ("W40 an expiration that is no number", expiring("abc")),
            ("W40 a negative expiration", expiring("-1")),
            ("W40 an expiration of 2^64", expiring("18446744073709551616")),
            (
                "W41 somebody else's user id",
                to_q(Properties::builder().user_id(text("root")).build()),
            ),
            ("W41 the own user id", to_q(Properties::builder().user_id(text("guest")).build())),
            ("W42 delivery mode 9", to_q(Properties::builder().delivery_mode(9).build())),
            ("W43 priority 255", to_q(Properties::builder().priority(255).build())),
            ("W43 the last timestamp", to_q(Properties::builder().timestamp(u64::MAX).build())),
            ("W43 a property of 255 bytes", to_q(Properties::builder().message_id(full).build())),
            ("W44 a CC header that is no list", with_header("CC", long("q"))),
            ("W44 a BCC header that is no list", with_header("BCC", FieldValue::I32(7))),
        ],
        expect![[r#"
            W40 an expiration that is no number
                1: channel.close 406 PRECONDITION_FAILED - invalid expiration 'abc': no_integer (60.40)
                alive
            W40 a negative expiration
                1: channel.close 406 PRECONDITION_FAILED - invalid expiration '-1': {value_negative,-1} (60.40)
                alive
            W40 an expiration of 2^64
                1: channel.close 406 PRECONDITION_FAILED - invalid expiration '18446744073709551616': {value_too_large,18446744073709551616} (60.40)
                alive
            W41 somebody else's user id
                1: channel.close 406 PRECONDITION_FAILED - user_id property set to 'root' but authenticated user was 'guest' (60.40)
                alive
            W41 the own user id
                alive
            W42 delivery mode 9
                1: channel.close 406 PRECONDITION_FAILED - invalid message: {delivery_mode_unknown,9} (60.40)
                alive
            W43 priority 255
                alive
            W43 the last timestamp
                alive
            W43 a property of 255 bytes
                alive
            W44 a CC header that is no list
                1: channel.close 406 PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr} (60.40)
                alive
            W44 a BCC header that is no list
                1: channel.close 406 PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"BCC",signedint} (60.40)
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn the_way_of_a_message_is_checked() {
    let internal = exchange::Declare { internal: true, ..declare_exchange("inner", "fanout") };
    let immediate = basic::Publish { immediate: true, ..basic::Publish::default() };
    let mandatory = basic::Publish {
        routing_key: text("nowhere"),
        mandatory: true,
        ..basic::Publish::default()
    };
    check(
        [
            ("W45 a missing exchange", publish_to("nope", "q")),
            ("W46 an internal exchange", all([method(internal), publish_to("inner", "q")])),
            ("W47 immediate", publish(immediate, &Properties::EMPTY)),
            (
                "W48 mandatory and unroutable, confirmed",
                all([method(confirm::Select::default()), publish(mandatory, &Properties::EMPTY)]),
            ),
        ],
        expect![[r#"
            W45 a missing exchange
                1: channel.close 404 NOT_FOUND - no exchange 'nope' in vhost '/' (60.40)
                alive
            W46 an internal exchange
                1: exchange.declare-ok
                1: channel.close 403 ACCESS_REFUSED - cannot publish to internal exchange 'inner' in vhost '/' (60.40)
                alive
            W47 immediate
                connection.close 540 NOT_IMPLEMENTED - immediate=true (60.40)
                eof
            W48 mandatory and unroutable, confirmed
                1: confirm.select-ok
                1: basic.return
                frame of kind 2, 14 bytes
                frame of kind 3, 1 bytes
                1: basic.ack
                alive
        "#]],
    )
    .await;
}

#[tokio::test]
async fn routing_keys_are_bytes_and_names_are_text() {
    let latin = || ShortStr::new(&b"caf\xe9"[..]).unwrap();
    let key = basic::Publish { routing_key: latin(), ..basic::Publish::default() };
    let from = basic::Publish { exchange: latin(), ..basic::Publish::default() };
    let bind = queue::Bind {
        queue: text("latin"),
        exchange: text("amq.topic"),
        routing_key: latin(),
        ..queue::Bind::default()
    };
    check(
        [
            ("W49 a routing key that is no UTF-8", publish(key, &Properties::EMPTY)),
            ("W49 a binding key that is no UTF-8", all([method(declare("latin")), method(bind)])),
            ("W49 an exchange name that is no UTF-8", publish(from, &Properties::EMPTY)),
            (
                "W49 a queue name that is no UTF-8",
                method(queue::Declare { queue: latin(), ..queue::Declare::default() }),
            ),
        ],
        expect![[r#"
            W49 a routing key that is no UTF-8
                alive
            W49 a binding key that is no UTF-8
                1: queue.declare-ok
                1: queue.bind-ok
                alive
            W49 an exchange name that is no UTF-8
                1: channel.close 404 NOT_FOUND - no exchange 'caf�' in vhost '/' (60.40)
                alive
            W49 a queue name that is no UTF-8
                connection.close 501 FRAME_ERROR - Malformed UTF-8 in shortstr (50.10)
                eof
        "#]],
    )
    .await;
}
