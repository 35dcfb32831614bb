//! Frames that are wrong in themselves.

use expect_test::expect;

use super::script::check;

#[test]
fn a_wrong_end_octet_ends_the_conversation_and_the_payload_is_not_repeated() {
    check(
        "running\nbroken-end",
        expect![[r#"
        broken-end
            ! failed
            ! Closed
            < 0 connection.close 501 FRAME_ERROR - type 1, all octets = <<...>>: {invalid_frame_end_marker,0} (0.0)
    "#]],
    );
}

#[test]
fn unknown_frame_types_are_refused() {
    check(
        "running\nframe 4 0 00",
        expect![[r#"
        frame 4 0 00
            ! failed
            < 0 connection.close 501 FRAME_ERROR - type 4, all octets = <<...>>: unknown_frame (0.0)
    "#]],
    );
    check(
        "running\nframe 9 1",
        expect![[r#"
        frame 9 1
            ! failed
            < 0 connection.close 501 FRAME_ERROR - type 9, all octets = <<...>>: unknown_frame (0.0)
    "#]],
    );
    check(
        "running\nframe 8 0 00",
        expect![[r#"
        frame 8 0 00
            ! failed
            < 0 connection.close 501 FRAME_ERROR - type 8, all octets = <<...>>: unknown_frame (0.0)
    "#]],
    );
    check(
        "running\nframe 1 1",
        expect![[r#"
        frame 1 1
            ! failed
            < 0 connection.close 501 FRAME_ERROR - type 1, all octets = <<...>>: unknown_frame (0.0)
    "#]],
    );
    check(
        "running\nframe 1 1 003c28",
        expect![[r#"
        frame 1 1 003c28
            ! failed
            < 0 connection.close 501 FRAME_ERROR - type 1, all octets = <<...>>: unknown_frame (0.0)
    "#]],
    );
}

#[test]
fn a_frame_may_exceed_the_limit_by_eight_octets_and_no_more() {
    check(
        "running\nannounce 3 1 131072",
        expect![[r#"
        announce 3 1 131072
    "#]],
    );
    check(
        "running\nannounce 3 1 131073",
        expect![[r#"
        announce 3 1 131073
            ! failed
            ! Closed
            < 0 connection.close 501 FRAME_ERROR - type 3, all octets = <<...>>: {frame_too_large,131073,131064} (0.0)
    "#]],
    );
    check(
        "running\nannounce 1 1 4294967295",
        expect![[r#"
        announce 1 1 4294967295
            ! failed
            ! Closed
            < 0 connection.close 501 FRAME_ERROR - type 1, all octets = <<...>>: {frame_too_large,4294967295,131064} (0.0)
    "#]],
    );
}

#[test]
fn heartbeats_belong_to_channel_0() {
    check(
        "running\nframe 8 1\nframe 8 0",
        expect![[r#"
        frame 8 1
            ! failed
            < 0 connection.close 505 UNEXPECTED_FRAME - heartbeat frame on a channel other than 0 (0.0)
        frame 8 0
    "#]],
    );
}

#[test]
fn unknown_methods_are_named() {
    check(
        "running\nmethod 0 999.1",
        expect![[r#"
        method 0 999.1
            ! failed
            < 0 connection.close 503 COMMAND_INVALID - no method 999.1 (999.1)
    "#]],
    );
    check(
        "running\nquietly method 1 20.10 00\nmethod 1 60.999",
        expect![[r#"
            method 1 60.999
                ! failed
                < 0 connection.close 503 COMMAND_INVALID - no method 60.999 (60.999)
        "#]],
    );
}

#[test]
fn arguments_that_end_too_soon_or_too_late_are_refused() {
    check(
        "running\nquietly method 1 20.10 00\nmethod 1 50.10 0000ff",
        expect![[r#"
            method 1 50.10 0000ff
                ! failed
                < 0 connection.close 501 FRAME_ERROR - cannot decode <<...>>: value ends 255 bytes after its frame (50.10)
        "#]],
    );
    check(
        "running\nmethod 1 20.10 0000",
        expect![[r#"
        method 1 20.10 0000
            ! failed
            < 0 connection.close 501 FRAME_ERROR - cannot decode <<...>>: 1 bytes follow the last value (20.10)
    "#]],
    );
}

#[test]
fn after_a_fault_only_the_answer_counts() {
    check(
        "running
         method 0 999.1
         method 1 20.10 00
         method 0 60.60
         method 0 10.51
         method 1 20.10 00",
        expect![[r#"
            method 0 999.1
                ! failed
                < 0 connection.close 503 COMMAND_INVALID - no method 999.1 (999.1)
            method 1 20.10 00
            method 0 60.60
            method 0 10.51
                ! Closed
            method 1 20.10 00
        "#]],
    );
}

#[test]
fn a_peer_that_does_not_answer_the_close_is_given_up() {
    check(
        "running
         method 0 999.1
         wait 10000",
        expect![[r#"
            method 0 999.1
                ! failed
                < 0 connection.close 503 COMMAND_INVALID - no method 999.1 (999.1)
            wait 10000
                ! failed: peer did not answer the close in time
                ! Closed
        "#]],
    );
}
