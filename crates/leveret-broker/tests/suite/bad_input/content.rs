//! Rows bad-W30 to bad-W38: contents that are put together wrongly.

use expect_test::expect;
use leveret_protocol::basic;

use super::{all, body, check, declare, frame, header, method};

/// A publish without its content.
fn begun() -> Vec<u8> {
    method(basic::Publish::default())
}

/// A publish whose header has these property flags and values.
fn with_properties(properties: &[u8]) -> Vec<u8> {
    all([begun(), header(60, 0, 0, properties)])
}

/// A publish with a header table of these bytes.
fn with_headers(table: &[u8]) -> Vec<u8> {
    let length = u32::try_from(table.len()).unwrap().to_be_bytes();
    with_properties(&[b"\x20\0", &length[..], table].concat())
}

/// Tables in tables, each in a key without a name.
fn nested(depth: usize) -> Vec<u8> {
    let mut table = Vec::new();
    for _ in 0..depth {
        let length = u32::try_from(table.len()).unwrap().to_be_bytes();
        table = [b"\0F", &length[..], &table].concat();
    }
    table
}

#[tokio::test]
async fn a_misplaced_part_ends_the_connection() {
    check(
        [
            ("W30 a header without a method", header(60, 0, 1, b"\0\0")),
            ("W30 a body without a method", body(b"x")),
            ("W30 a body on a channel never opened", frame(3, 7, b"x")),
            ("W30 a body on channel 0", frame(3, 0, b"x")),
            ("W31 a method in place of the header", all([begun(), method(declare("q"))])),
            ("W31 a body in place of the header", all([begun(), body(b"x")])),
            (
                "W31 a method in place of the body",
                all([begun(), header(60, 0, 2, b"\0\0"), body(b"x"), method(declare("q"))]),
            ),
            (
                "W31 a second header",
                all([begun(), header(60, 0, 2, b"\0\0"), header(60, 0, 2, b"\0\0")]),
            ),
            ("W32 a header of class 50", all([begun(), header(50, 0, 1, b"\0\0")])),
            ("W32 a weight of 1", all([begun(), header(60, 1, 1, b"\0\0")])),
        ],
        expect![[r#"
            W30 a header without a method
                connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0.0)
                eof
            W30 a body without a method
                connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0.0)
                eof
            W30 a body on a channel never opened
                connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0.0)
                eof
            W30 a body on channel 0
                connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0.0)
                eof
            W31 a method in place of the header
                connection.close 505 UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead (60.40)
                eof
            W31 a body in place of the header
                connection.close 505 UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead (60.40)
                eof
            W31 a method in place of the body
                connection.close 505 UNEXPECTED_FRAME - expected content body, got non content body frame instead (60.40)
                eof
            W31 a second header
                connection.close 505 UNEXPECTED_FRAME - expected content body, got non content body frame instead (60.40)
                eof
            W32 a header of class 50
                connection.close 505 UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead (60.40)
                eof
            W32 a weight of 1
                connection.close 505 UNEXPECTED_FRAME - expected content header of weight 0, got weight 1 instead (60.40)
                eof
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_body_is_as_long_as_was_said() {
    let announced = |size| all([begun(), header(60, 0, size, b"\0\0")]);
    check(
        [
            ("W33 a body longer than announced", all([announced(2), body(b"abc")])),
            ("W33 a second body frame too many", all([announced(2), body(b"a"), body(b"bc")])),
            ("W34 2^63 bytes", announced(1 << 63)),
            ("W34 more than 512 MiB", announced((512 << 20) + 1)),
            ("W35 more than the maximum", all([announced(200 << 20), body(b"a"), body(b"b")])),
            ("W36 empty body frames", all([announced(1), body(b""), body(b""), body(b"x")])),
            ("W36 no bytes and no body", announced(0)),
            (
                "W36 more empty body frames than any client sends",
                all([announced(1), body(b"").repeat(1_001)]),
            ),
        ],
        expect![[r#"
            W33 a body longer than announced
                connection.close 501 FRAME_ERROR - content body frame exceeds remaining content size (60.40)
                eof
            W33 a second body frame too many
                connection.close 501 FRAME_ERROR - content body frame exceeds remaining content size (60.40)
                eof
            W34 2^63 bytes
                connection.close 501 FRAME_ERROR - content body size 9223372036854775808 exceeds the largest possible size 536870912 (60.40)
                eof
            W34 more than 512 MiB
                connection.close 501 FRAME_ERROR - content body size 536870913 exceeds the largest possible size 536870912 (60.40)
                eof
            W35 more than the maximum
                1: channel.close 406 PRECONDITION_FAILED - message size 209715200 is larger than configured max size 134217728 (60.40)
                alive
            W36 empty body frames
                alive
            W36 no bytes and no body
                alive
            W36 more empty body frames than any client sends
                connection.close 501 FRAME_ERROR - more than 1000 empty content body frames for one message (60.40)
                eof
        "#]],
    )
    .await;
}

#[tokio::test]
async fn properties_that_cannot_be_read_are_the_peers_mistake() {
    let large: Vec<u8> = (0..2_000_u32)
        .flat_map(|n| format!("\x04{n:04}S\0\0\0\x28{}", "v".repeat(40)).into_bytes())
        .collect();
    check(
        [
            ("W37 the continuation bit", with_properties(b"\0\x01\0\0")),
            ("W37 a reserved bit", with_properties(b"\0\x02")),
            (
                "W37 a header table longer than its frame",
                with_properties(b"\x20\0\xff\xff\xff\xff"),
            ),
            ("W37 an unknown field type", with_headers(b"\x01aZ\0")),
            ("W37 a nested length beyond its table", with_headers(b"\x01aF\0\0\xff\xff")),
            ("W37 a key beyond its table", with_headers(b"\x09a")),
            ("W37 no property at all, though flagged", with_properties(b"\x80\0")),
            ("W38 tables 32 deep", with_headers(&nested(31))),
            ("W38 tables 2,000 deep", with_headers(&nested(2_000))),
            ("W38 100 kB of headers", with_headers(&large)),
        ],
        expect![[r#"
            W37 the continuation bit
                connection.close 502 SYNTAX_ERROR - cannot decode <<...>>: property flags 0x0001 contain a reserved bit (60.40)
                eof
            W37 a reserved bit
                connection.close 502 SYNTAX_ERROR - cannot decode <<...>>: property flags 0x0002 contain a reserved bit (60.40)
                eof
            W37 a header table longer than its frame
                connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 4294967295 bytes after its frame (60.40)
                eof
            W37 an unknown field type
                connection.close 502 SYNTAX_ERROR - cannot decode <<...>>: unknown field type 90 (60.40)
                eof
            W37 a nested length beyond its table
                connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 65535 bytes after its frame (60.40)
                eof
            W37 a key beyond its table
                connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 8 bytes after its frame (60.40)
                eof
            W37 no property at all, though flagged
                connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 1 bytes after its frame (60.40)
                eof
            W38 tables 32 deep
                alive
            W38 tables 2,000 deep
                connection.close 502 SYNTAX_ERROR - cannot decode <<...>>: tables and arrays are nested deeper than 32 (60.40)
                eof
            W38 100 kB of headers
                alive
        "#]],
    )
    .await;
}
