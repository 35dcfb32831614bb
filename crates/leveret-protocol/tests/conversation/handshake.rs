//! From the first byte to an open connection, as a server.

use expect_test::expect;

use super::script::check;

#[test]
fn a_connection_opens_step_by_step() {
    check(
        "header
         start-ok
         accept-login
         tune-ok 8192 5 30
         open /
         accept-open
         method 1 20.10 00",
        expect![[r#"
            header
                < 0 connection.start
            start-ok
                ! login PLAIN b""
            accept-login
                < 0 connection.tune
            tune-ok 8192 5 30
            open /
                ! Open { virtual_host: "/" }
            accept-open
                < 0 connection.open-ok
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
        "#]],
    );
}

#[test]
fn an_amqp_0_9_header_is_welcome() {
    check(
        "hex 414d515001010009",
        expect![[r#"
        hex 414d515001010009
            < 0 connection.start
    "#]],
    );
}

#[test]
fn other_protocols_are_shown_the_right_header() {
    check(
        "raw GET / HTTP/1.1",
        expect![[r#"
        raw GET / HTTP/1.1
            ! failed: peer began with [47, 45, 54, 20, 2f, 20, 48, 54], which is no protocol spoken here
            ! Closed
            < b"AMQP\0\0\t\x01"
    "#]],
    );
    check(
        "hex 160301",
        expect![[r#"
        hex 160301
            ! failed: peer began with [16, 03, 01, 00, 00, 00, 00, 00], which is no protocol spoken here
            ! Closed
            < b"AMQP\0\0\t\x01"
    "#]],
    );
    check(
        "hex 414d515003010000",
        expect![[r#"
        hex 414d515003010000
            ! failed: peer began with [41, 4d, 51, 50, 03, 01, 00, 00], which is no protocol spoken here
            ! Closed
            < b"AMQP\0\0\t\x01"
    "#]],
    );
}

#[test]
fn a_header_may_come_in_pieces() {
    check(
        "raw AM
         raw QP
         hex 00000901",
        expect![[r#"
            raw AM
            raw QP
            hex 00000901
                < 0 connection.start
        "#]],
    );
}

#[test]
fn a_peer_that_stalls_is_given_up_after_ten_seconds() {
    check(
        "raw AMQ
         wait 9999
         wait 1",
        expect![[r#"
            raw AMQ
            wait 9999
            wait 1
                ! failed: connection did not open in time
                ! Closed
        "#]],
    );
    check(
        "header
         start-ok
         accept-login
         tune-ok 8192 5 30
         wait 10000",
        expect![[r#"
            header
                < 0 connection.start
            start-ok
                ! login PLAIN b""
            accept-login
                < 0 connection.tune
            tune-ok 8192 5 30
            wait 10000
                ! failed: connection did not open in time
                ! Closed
        "#]],
    );
}

#[test]
fn a_refused_login_is_told_only_to_who_can_hear_it() {
    check(
        "header
         start-ok capable
         refuse-login
         method 0 10.51",
        expect![[r#"
            header
                < 0 connection.start
            start-ok capable
                ! login PLAIN b""
            refuse-login
                < 0 connection.close 403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile. (0.0)
            method 0 10.51
                ! Closed
        "#]],
    );
    check(
        "header
         start-ok
         refuse-login",
        expect![[r#"
            header
                < 0 connection.start
            start-ok
                ! login PLAIN b""
            refuse-login
                ! Closed
        "#]],
    );
}

#[test]
fn a_login_may_take_rounds() {
    check(
        "header
         start-ok
         challenge
         method 0 10.21 0000000161
         accept-login",
        expect![[r#"
            header
                < 0 connection.start
            start-ok
                ! login PLAIN b""
            challenge
                < 0 connection.secure
            method 0 10.21 0000000161
                ! LoginContinued { response: Secret(1 bytes) }
            accept-login
                < 0 connection.tune
        "#]],
    );
}

#[test]
fn a_stranger_whose_frames_are_too_long_is_told_nothing() {
    check(
        "header
         announce 1 0 8193",
        expect![[r#"
            header
                < 0 connection.start
            announce 1 0 8193
                ! failed
                ! Closed
        "#]],
    );
    check(
        "header
         announce 1 0 4294967295",
        expect![[r#"
            header
                < 0 connection.start
            announce 1 0 4294967295
                ! failed
                ! Closed
        "#]],
    );
}

#[test]
fn steps_cannot_be_skipped() {
    check(
        "header
         open /",
        expect![[r#"
            header
                < 0 connection.start
            open /
                ! failed
                ! Closed
                < 0 connection.close 504 CHANNEL_ERROR - unexpected method in connection state starting (10.40)
        "#]],
    );
    check(
        "header
         start-ok
         accept-login
         tune-ok 8192 5 30
         method 1 20.10 00",
        expect![[r#"
            header
                < 0 connection.start
            start-ok
                ! login PLAIN b""
            accept-login
                < 0 connection.tune
            tune-ok 8192 5 30
            method 1 20.10 00
                ! failed
                < 0 connection.close 504 CHANNEL_ERROR - unexpected method in connection state opening (20.10)
        "#]],
    );
}

#[test]
fn limits_outside_the_offer_are_refused() {
    for limits in ["100 5 60", "0 5 60", "1073741824 5 60", "131072 11 60", "131072 0 60"] {
        let expect = match limits {
            "100 5 60" => expect![[r#"
                header
                    < 0 connection.start
                start-ok
                    ! login PLAIN b""
                accept-login
                    < 0 connection.tune
                tune-ok 100 5 60
                    ! failed
                    < 0 connection.close 530 NOT_ALLOWED - negotiated frame_max = 100 is lower than the minimum allowed value (4096) (10.30)
            "#]],
            "0 5 60" => expect![[r#"
                header
                    < 0 connection.start
                start-ok
                    ! login PLAIN b""
                accept-login
                    < 0 connection.tune
                tune-ok 0 5 60
                    ! failed
                    < 0 connection.close 530 NOT_ALLOWED - negotiated frame_max = 0 is higher than the maximum allowed value (131072) (10.30)
            "#]],
            "1073741824 5 60" => expect![[r#"
                header
                    < 0 connection.start
                start-ok
                    ! login PLAIN b""
                accept-login
                    < 0 connection.tune
                tune-ok 1073741824 5 60
                    ! failed
                    < 0 connection.close 530 NOT_ALLOWED - negotiated frame_max = 1073741824 is higher than the maximum allowed value (131072) (10.30)
            "#]],
            "131072 11 60" => expect![[r#"
                header
                    < 0 connection.start
                start-ok
                    ! login PLAIN b""
                accept-login
                    < 0 connection.tune
                tune-ok 131072 11 60
                    ! failed
                    < 0 connection.close 530 NOT_ALLOWED - negotiated channel_max = 11 is higher than the maximum allowed value (10) (10.30)
            "#]],
            _ => expect![[r#"
                header
                    < 0 connection.start
                start-ok
                    ! login PLAIN b""
                accept-login
                    < 0 connection.tune
                tune-ok 131072 0 60
                    ! failed
                    < 0 connection.close 530 NOT_ALLOWED - negotiated channel_max = 0 (no limit) is higher than the maximum allowed value (10) (10.30)
            "#]],
        };
        check(&format!("header\nstart-ok\naccept-login\ntune-ok {limits}"), expect);
    }
}

#[test]
fn a_virtual_host_can_be_refused() {
    check(
        "header
         start-ok
         accept-login
         tune-ok 8192 5 30
         open nope
         refuse-open
         method 0 10.51",
        expect![[r#"
            header
                < 0 connection.start
            start-ok
                ! login PLAIN b""
            accept-login
                < 0 connection.tune
            tune-ok 8192 5 30
            open nope
                ! Open { virtual_host: "nope" }
            refuse-open
                < 0 connection.close 530 NOT_ALLOWED - vhost nope not found (0.0)
            method 0 10.51
                ! Closed
        "#]],
    );
}

#[test]
fn a_client_may_run_ahead_of_the_owners_answers() {
    check(
        "header
         start-ok
         tune-ok 8192 5 30
         open /
         method 1 20.10 00
         accept-login
         accept-open",
        expect![[r#"
            header
                < 0 connection.start
            start-ok
                ! login PLAIN b""
            tune-ok 8192 5 30
            open /
            method 1 20.10 00
            accept-login
                ! Open { virtual_host: "/" }
                < 0 connection.tune
            accept-open
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 0 connection.open-ok
                < 1 channel.open-ok
        "#]],
    );
}

#[test]
fn a_client_may_close_while_it_logs_in() {
    check(
        "header
         method 0 10.50 00c80000000000
         finish-close",
        expect![[r#"
            header
                < 0 connection.start
            method 0 10.50 00c80000000000
                ! closing 200 
            finish-close
                ! Closed
                < 0 connection.close-ok
        "#]],
    );
}

#[test]
fn a_peer_that_has_said_nothing_is_left_without_a_word() {
    check(
        "close",
        expect![[r#"
        close
            ! Closed
    "#]],
    );
}
