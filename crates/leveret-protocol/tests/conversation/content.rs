//! Messages from method, header and body.

use expect_test::expect;

use super::script::check;

const OPEN: &str = "running\nquietly method 1 20.10 00\nquietly method 1 60.40 0000000000\n";

fn check_publish(rest: &str, expect: expect_test::Expect) {
    check(&format!("{OPEN}{rest}"), expect);
}

#[test]
fn a_body_may_come_in_pieces_and_some_may_be_empty() {
    check_publish(
        "header-frame 1 60 5\nbody 1 0\nbody 1 3\nbody 1 0\nbody 1 2",
        expect![[r#"
            header-frame 1 60 5
            body 1 0
            body 1 3
            body 1 0
            body 1 2
                ! 1 basic.publish Properties 5 bytes
        "#]],
    );
}

#[test]
fn body_frames_with_nothing_in_them_are_counted() {
    let empty = "quietly body 1 0\n".repeat(1_000);
    let publish = "quietly method 1 60.40 0000000000\nquietly header-frame 1 60 1";
    check(
        &format!(
            "running\nquietly method 1 20.10 00\n{publish}\n{empty}body 1 1\n{publish}\n{empty}body 1 0"
        ),
        expect![[r#"
            body 1 1
                ! 1 basic.publish Properties 1 bytes
            body 1 0
                ! failed
                < 0 connection.close 501 FRAME_ERROR - more than 1000 empty content body frames for one message (60.40)
        "#]],
    );
}

#[test]
fn an_empty_message_has_no_body() {
    check_publish(
        "header-frame 1 60 0",
        expect![[r#"
            header-frame 1 60 0
                ! 1 basic.publish Properties 0 bytes
        "#]],
    );
}

#[test]
fn messages_on_two_channels_may_be_mixed() {
    check_publish(
        "header-frame 1 60 2
         method 2 20.10 00
         method 2 60.40 0000000000
         body 1 1
         header-frame 2 60 1
         body 2 1
         body 1 1",
        expect![[r#"
            header-frame 1 60 2
            method 2 20.10 00
                ! ChannelOpened { channel: ChannelNumber(2) }
                < 2 channel.open-ok
            method 2 60.40 0000000000
            body 1 1
            header-frame 2 60 1
            body 2 1
                ! 2 basic.publish Properties 1 bytes
            body 1 1
                ! 1 basic.publish Properties 2 bytes
        "#]],
    );
}

#[test]
fn content_needs_a_method_before_it() {
    check(
        "running\nquietly method 1 20.10 00\nbody 1 1",
        expect![[r#"
            body 1 1
                ! failed
                < 0 connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0.0)
        "#]],
    );
    check(
        "running\nquietly method 1 20.10 00\nheader-frame 1 60 1",
        expect![[r#"
            header-frame 1 60 1
                ! failed
                < 0 connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0.0)
        "#]],
    );
    check(
        "running\nbody 0 1",
        expect![[r#"
        body 0 1
            ! failed
            < 0 connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0.0)
    "#]],
    );
}

#[test]
fn nothing_comes_between_method_header_and_body() {
    check_publish(
        "method 1 60.10 00000000000000",
        expect![[r#"
            method 1 60.10 00000000000000
                ! failed
                < 0 connection.close 505 UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead (60.40)
        "#]],
    );
    check_publish(
        "body 1 1",
        expect![[r#"
            body 1 1
                ! failed
                < 0 connection.close 505 UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead (60.40)
        "#]],
    );
    check_publish(
        "header-frame 1 60 1\nmethod 1 60.10 00000000000000",
        expect![[r#"
            header-frame 1 60 1
            method 1 60.10 00000000000000
                ! failed
                < 0 connection.close 505 UNEXPECTED_FRAME - expected content body, got non content body frame instead (60.40)
        "#]],
    );
    check_publish(
        "header-frame 1 60 1\nheader-frame 1 60 1",
        expect![[r#"
            header-frame 1 60 1
            header-frame 1 60 1
                ! failed
                < 0 connection.close 505 UNEXPECTED_FRAME - expected content body, got non content body frame instead (60.40)
        "#]],
    );
}

#[test]
fn a_header_is_of_its_methods_class_and_of_no_weight() {
    check_publish(
        "header-frame 1 50 1",
        expect![[r#"
            header-frame 1 50 1
                ! failed
                < 0 connection.close 505 UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead (60.40)
        "#]],
    );
    check_publish(
        "frame 2 1 003c000100000000000000010000",
        expect![[r#"
            frame 2 1 003c000100000000000000010000
                ! failed
                < 0 connection.close 505 UNEXPECTED_FRAME - expected content header of weight 0, got weight 1 instead (60.40)
        "#]],
    );
    check_publish(
        "frame 2 1 003c",
        expect![[r#"
            frame 2 1 003c
                ! failed
                < 0 connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 2 bytes after its frame (60.40)
        "#]],
    );
}

#[test]
fn a_body_beyond_its_size_is_refused() {
    check_publish(
        "header-frame 1 60 3\nbody 1 4",
        expect![[r#"
            header-frame 1 60 3
            body 1 4
                ! failed
                < 0 connection.close 501 FRAME_ERROR - content body frame exceeds remaining content size (60.40)
        "#]],
    );
}

#[test]
fn a_message_too_large_closes_the_channel_at_its_header() {
    check_publish(
        "header-frame 1 60 11000000
         body 1 1000
         method 1 20.41
         method 1 20.10 00",
        expect![[r#"
            header-frame 1 60 11000000
                ! channel 1 failed: PRECONDITION_FAILED - message size 11000000 is larger than configured max size 10000000
                < 1 channel.close 406 PRECONDITION_FAILED - message size 11000000 is larger than configured max size 10000000 (60.40)
            body 1 1000
            method 1 20.41
                ! ChannelClosed { channel: ChannelNumber(1) }
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
        "#]],
    );
}

#[test]
fn an_absurd_size_closes_the_connection() {
    check_publish(
        "header-frame 1 60 9223372036854775808",
        expect![[r#"
            header-frame 1 60 9223372036854775808
                ! failed
                < 0 connection.close 501 FRAME_ERROR - content body size 9223372036854775808 exceeds the largest possible size 536870912 (60.40)
        "#]],
    );
    check_publish(
        "header-frame 1 60 536870913",
        expect![[r#"
            header-frame 1 60 536870913
                ! failed
                < 0 connection.close 501 FRAME_ERROR - content body size 536870913 exceeds the largest possible size 536870912 (60.40)
        "#]],
    );
}

#[test]
fn properties_that_make_no_sense_are_refused() {
    // Continuation bit, reserved bit, a missing value, an unknown field type.
    check_publish(
        "header-frame 1 60 1 0001",
        expect![[r#"
            header-frame 1 60 1 0001
                ! failed
                < 0 connection.close 502 SYNTAX_ERROR - cannot decode <<...>>: property flags 0x0001 contain a reserved bit (60.40)
        "#]],
    );
    check_publish(
        "header-frame 1 60 1 0002",
        expect![[r#"
            header-frame 1 60 1 0002
                ! failed
                < 0 connection.close 502 SYNTAX_ERROR - cannot decode <<...>>: property flags 0x0002 contain a reserved bit (60.40)
        "#]],
    );
    check_publish(
        "header-frame 1 60 1 8000",
        expect![[r#"
            header-frame 1 60 1 8000
                ! failed
                < 0 connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 1 bytes after its frame (60.40)
        "#]],
    );
    check_publish(
        "header-frame 1 60 1 2000000000030161ff",
        expect![[r#"
            header-frame 1 60 1 2000000000030161ff
                ! failed
                < 0 connection.close 502 SYNTAX_ERROR - cannot decode <<...>>: unknown field type 255 (60.40)
        "#]],
    );
    check_publish(
        "header-frame 1 60 1 2000ffffffff",
        expect![[r#"
            header-frame 1 60 1 2000ffffffff
                ! failed
                < 0 connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 4294967295 bytes after its frame (60.40)
        "#]],
    );
    check_publish(
        "header-frame 1 60 1 000000",
        expect![[r#"
            header-frame 1 60 1 000000
                ! failed
                < 0 connection.close 501 FRAME_ERROR - cannot decode <<...>>: 1 bytes follow the last value (60.40)
        "#]],
    );
}

#[test]
fn properties_are_read() {
    check_publish(
        "header-frame 1 60 0 9000047465787402",
        expect![[r#"
            header-frame 1 60 0 9000047465787402
                ! 1 basic.publish Properties { content_type: "text", delivery_mode: 2 } 0 bytes
        "#]],
    );
}
