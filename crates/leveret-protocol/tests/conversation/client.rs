//! The same conversation from the client's side.

use expect_test::expect;

use super::script::check_client;

const START: &str = "method 0 10.10 00090000000000000005504c41494e00000000";
const OPEN: &str = "quietly method 0 10.10 00090000000000000005504c41494e00000000
    quietly tune 131072 2047 60
    quietly method 0 10.41 00";

#[test]
fn a_connection_opens_step_by_step() {
    check_client(
        &format!(
            "{START}\ntune 131072 2047 60\nmethod 0 10.41 00\nopen-channel 1\nmethod 1 20.11 00000000\nmethod 1 60.11"
        ),
        expect![[r#"
            method 0 10.10 00090000000000000005504c41494e00000000
                < b"AMQP\0\0\t\x01"
                < 0 connection.start-ok
            tune 131072 2047 60
                < 0 connection.tune-ok 131072 10 60
                < 0 connection.open
            method 0 10.41 00
                ! opened frame_max 131072 channel_max 10 heartbeat 60
            open-channel 1
                < 1 channel.open
            method 1 20.11 00000000
                ! ChannelOpened { channel: ChannelNumber(1) }
            method 1 60.11
                ! 1 basic.qos-ok
        "#]],
    );
}

#[test]
fn the_lower_limits_win_and_zero_is_none() {
    check_client(
        &format!("{START}\ntune 0 0 0"),
        expect![[r#"
        method 0 10.10 00090000000000000005504c41494e00000000
            < b"AMQP\0\0\t\x01"
            < 0 connection.start-ok
        tune 0 0 0
            < 0 connection.tune-ok 131072 10 60
            < 0 connection.open
    "#]],
    );
    check_client(
        &format!("{START}\ntune 8192 2 5"),
        expect![[r#"
        method 0 10.10 00090000000000000005504c41494e00000000
            < b"AMQP\0\0\t\x01"
            < 0 connection.start-ok
        tune 8192 2 5
            < 0 connection.tune-ok 8192 2 5
            < 0 connection.open
    "#]],
    );
    check_client(
        &format!("quietly {START}\ntune 1073741824 2047 600"),
        expect![[r#"
        tune 1073741824 2047 600
            < 0 connection.tune-ok 131072 10 60
            < 0 connection.open
    "#]],
    );
    check_client(
        &format!("{START}\ntune 4095 0 0"),
        expect![[r#"
        method 0 10.10 00090000000000000005504c41494e00000000
            < b"AMQP\0\0\t\x01"
            < 0 connection.start-ok
        tune 4095 0 0
            ! failed
            ! Closed
            < 0 connection.close 530 NOT_ALLOWED - negotiated frame_max = 4095 is lower than the minimum allowed value (4096) (10.30)
    "#]],
    );
}

#[test]
fn a_server_of_another_version_is_recognised() {
    check_client(
        "hex 414d5150030100\nhex 00",
        expect![[r#"
        hex 414d5150030100
            < b"AMQP\0\0\t\x01"
        hex 00
            ! failed: server speaks only [41, 4d, 51, 50, 03, 01, 00, 00]
            ! Closed
    "#]],
    );
    check_client(
        "hex 414d515003010000",
        expect![[r#"
        hex 414d515003010000
            ! failed: server speaks only [41, 4d, 51, 50, 03, 01, 00, 00]
            ! Closed
            < b"AMQP\0\0\t\x01"
    "#]],
    );
}

#[test]
fn a_mechanism_that_is_not_offered_is_not_tried() {
    check_client(
        "method 0 10.10 00090000000000000005504c414e4e00000000",
        expect![[r#"
        method 0 10.10 00090000000000000005504c414e4e00000000
            ! failed: server offers the login mechanisms `PLANN`, wanted one of `PLAIN`
            ! Closed
            < b"AMQP\0\0\t\x01"
    "#]],
    );
}

#[test]
fn a_challenge_is_answered() {
    check_client(
        &format!("{START}\nmethod 0 10.20 000000013f\nanswer-challenge\ntune 0 0 0"),
        expect![[r#"
            method 0 10.10 00090000000000000005504c41494e00000000
                < b"AMQP\0\0\t\x01"
                < 0 connection.start-ok
            method 0 10.20 000000013f
                ! Challenged { challenge: b"?" }
            answer-challenge
                < 0 connection.secure-ok
            tune 0 0 0
                < 0 connection.tune-ok 131072 10 60
                < 0 connection.open
        "#]],
    );
}

#[test]
fn a_server_may_refuse_the_login() {
    check_client(
        &format!("{START}\nmethod 0 10.50 0193026e6f00000000\nfinish-close"),
        expect![[r#"
            method 0 10.10 00090000000000000005504c41494e00000000
                < b"AMQP\0\0\t\x01"
                < 0 connection.start-ok
            method 0 10.50 0193026e6f00000000
                ! closing 403 no
            finish-close
                ! Closed
                < 0 connection.close-ok
        "#]],
    );
}

#[test]
fn a_server_may_close_a_channel_instead_of_opening_it() {
    check_client(
        &format!("{OPEN}\nopen-channel 1\nmethod 1 20.40 01f80000000000\nfinish-channel 1"),
        expect![[r#"
            open-channel 1
                < 1 channel.open
            method 1 20.40 01f80000000000
                ! channel 1 closing 504 
            finish-channel 1
                < 1 channel.close-ok
        "#]],
    );
}

#[test]
fn the_owner_is_told_that_publishing_is_blocked() {
    check_client(
        &format!("{OPEN}\nmethod 0 10.60 036c6f77\nmethod 0 10.61"),
        expect![[r#"
            method 0 10.60 036c6f77
                ! Blocked { reason: "low" }
            method 0 10.61
                ! Unblocked
        "#]],
    );
}

#[test]
fn client_methods_are_not_taken_from_a_server() {
    check_client(
        &format!("{OPEN}\nopen-channel 1\nmethod 1 20.11 00000000\nmethod 1 60.40 0000000000"),
        expect![[r#"
            open-channel 1
                < 1 channel.open
            method 1 20.11 00000000
                ! ChannelOpened { channel: ChannelNumber(1) }
            method 1 60.40 0000000000
                ! failed
                < 0 connection.close 503 COMMAND_INVALID - unimplemented method (60.40)
        "#]],
    );
}
