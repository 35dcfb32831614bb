//! Rows bad-W16 to bad-W22: frames and methods that cannot be read, or not here.

use expect_test::expect;
use leveret_protocol::{basic, connection};

use super::{announced, check, frame, method, method_on, raw_method};

#[tokio::test]
async fn a_frame_that_is_none_ends_the_connection() {
    let mut bad_end = frame(1, 1, b"\0\x14\0\x0a\0");
    *bad_end.last_mut().unwrap() = 0;
    check(
        [
            ("W16 a bad frame end", bad_end),
            ("W17 a frame of type 4", frame(4, 1, b"xy")),
            ("W17 a frame of type 9", frame(9, 0, b"")),
            ("W17 a heartbeat with a payload", frame(8, 0, b"x")),
            ("W17 a method frame with nothing in it", frame(1, 1, b"")),
            ("W17 a method frame of three bytes", frame(1, 1, b"\0\x3c\0")),
            ("W18 a frame beyond frame-max", announced(3, 1, 131_073)),
            ("W18 a frame of 4 GiB", announced(1, 1, u32::MAX)),
            ("W19 a heartbeat on a channel", frame(8, 1, b"")),
        ],
        expect![[r#"
            W16 a bad frame end
                connection.close 501 FRAME_ERROR - type 1, all octets = <<...>>: {invalid_frame_end_marker,0} (0.0)
                eof
            W17 a frame of type 4
                connection.close 501 FRAME_ERROR - type 4, all octets = <<...>>: unknown_frame (0.0)
                eof
            W17 a frame of type 9
                connection.close 501 FRAME_ERROR - type 9, all octets = <<...>>: unknown_frame (0.0)
                eof
            W17 a heartbeat with a payload
                connection.close 501 FRAME_ERROR - type 8, all octets = <<...>>: unknown_frame (0.0)
                eof
            W17 a method frame with nothing in it
                connection.close 501 FRAME_ERROR - type 1, all octets = <<...>>: unknown_frame (0.0)
                eof
            W17 a method frame of three bytes
                connection.close 501 FRAME_ERROR - type 1, all octets = <<...>>: unknown_frame (0.0)
                eof
            W18 a frame beyond frame-max
                connection.close 501 FRAME_ERROR - type 3, all octets = <<...>>: {frame_too_large,131073,131064} (0.0)
                eof
            W18 a frame of 4 GiB
                connection.close 501 FRAME_ERROR - type 1, all octets = <<...>>: {frame_too_large,4294967295,131064} (0.0)
                eof
            W19 a heartbeat on a channel
                connection.close 505 UNEXPECTED_FRAME - heartbeat frame on a channel other than 0 (0.0)
                eof
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_method_that_cannot_be_read_ends_the_connection() {
    check(
        [
            ("W20 class 999", raw_method(1, (999, 1), b"")),
            ("W20 method 60.999", raw_method(1, (60, 999), b"")),
            ("W20 class 999 on channel 0", raw_method(0, (999, 1), b"")),
            ("W21 arguments cut short", raw_method(1, (50, 10), b"\0\0\x05ab")),
            ("W21 arguments with more behind them", raw_method(1, (60, 10), b"\0\0\0\0\0\x01\0zz")),
            ("W21 no arguments at all", raw_method(1, (60, 40), b"")),
        ],
        expect![[r#"
            W20 class 999
                connection.close 503 COMMAND_INVALID - no method 999.1 (999.1)
                eof
            W20 method 60.999
                connection.close 503 COMMAND_INVALID - no method 60.999 (60.999)
                eof
            W20 class 999 on channel 0
                connection.close 503 COMMAND_INVALID - no method 999.1 (999.1)
                eof
            W21 arguments cut short
                connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 3 bytes after its frame (50.10)
                eof
            W21 arguments with more behind them
                connection.close 501 FRAME_ERROR - cannot decode <<...>>: 2 bytes follow the last value (60.10)
                eof
            W21 no arguments at all
                connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 2 bytes after its frame (60.40)
                eof
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_method_that_is_not_the_clients_ends_the_connection() {
    check(
        [
            ("W22 basic.deliver", method(basic::Deliver::default())),
            ("W22 basic.get-ok", method(basic::GetOk::default())),
            ("W22 connection.start", method_on(0, connection::Start::default())),
            ("W22 a second start-ok", method_on(0, connection::StartOk::default())),
            ("W22 a second open", method_on(0, connection::Open::default())),
            ("W22 secure-ok", method_on(0, connection::SecureOk::default())),
            ("W22 a connection's method on a channel", method(connection::Open::default())),
            ("W22 a channel's method on channel 0", method_on(0, basic::Get::default())),
        ],
        expect![[r#"
            W22 basic.deliver
                connection.close 503 COMMAND_INVALID - unimplemented method (60.60)
                eof
            W22 basic.get-ok
                connection.close 503 COMMAND_INVALID - unimplemented method (60.71)
                eof
            W22 connection.start
                connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (10.10)
                eof
            W22 a second start-ok
                connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (10.11)
                eof
            W22 a second open
                connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (10.40)
                eof
            W22 secure-ok
                connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (10.21)
                eof
            W22 a connection's method on a channel
                connection.close 503 COMMAND_INVALID - unimplemented method (10.40)
                eof
            W22 a channel's method on channel 0
                connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (60.70)
                eof
        "#]],
    )
    .await;
}
