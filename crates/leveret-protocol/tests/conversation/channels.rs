//! Channels, and methods that come where they do not belong.

use expect_test::expect;

use super::script::{check, check_asked};

#[test]
fn a_method_needs_an_open_channel() {
    check(
        "running\nmethod 7 60.10 00000000000000",
        expect![[r#"
        method 7 60.10 00000000000000
            ! failed
            < 0 connection.close 504 CHANNEL_ERROR - expected 'channel.open' (60.10)
    "#]],
    );
    check(
        "running\nbody 7 1",
        expect![[r#"
            body 7 1
                ! failed
                < 0 connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0.0)
        "#]],
    );
}

#[test]
fn a_channel_opens_once() {
    check(
        "running\nquietly method 1 20.10 00\nmethod 1 20.10 00",
        expect![[r#"
            method 1 20.10 00
                ! failed
                < 0 connection.close 504 CHANNEL_ERROR - second 'channel.open' seen (20.10)
        "#]],
    );
}

#[test]
fn channel_0_cannot_be_opened() {
    check(
        "running\nmethod 0 20.10 00",
        expect![[r#"
        method 0 20.10 00
            ! failed
            < 0 connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (20.10)
    "#]],
    );
}

#[test]
fn a_channel_above_the_limit_is_refused() {
    check(
        "running\nmethod 11 20.10 00",
        expect![[r#"
        method 11 20.10 00
            ! failed
            < 0 connection.close 504 CHANNEL_ERROR - channel 11 is above the negotiated channel_max (10) (20.10)
    "#]],
    );
}

#[test]
fn one_channel_too_many_is_refused_by_its_count() {
    let opens: Vec<String> = (1..=10).map(|n| format!("quietly method {n} 20.10 00")).collect();
    check(
        &format!("running\n{}\nmethod 11 20.10 00", opens.join("\n")),
        expect![[r#"
            method 11 20.10 00
                ! failed
                < 0 connection.close 530 NOT_ALLOWED - number of channels opened (10) has reached the negotiated channel_max (10) (0.0)
        "#]],
    );
}

#[test]
fn a_channel_that_is_closed_makes_room_for_another() {
    let opens: Vec<String> = (1..=10).map(|n| format!("quietly method {n} 20.10 00")).collect();
    check(
        &format!(
            "running
             {}
             quietly method 3 20.40 00c80000000000
             finish-channel 3
             method 3 20.10 00",
            opens.join("\n")
        ),
        expect![[r#"
            finish-channel 3
                < 3 channel.close-ok
            method 3 20.10 00
                ! ChannelOpened { channel: ChannelNumber(3) }
                < 3 channel.open-ok
        "#]],
    );
}

#[test]
fn a_channel_that_the_owner_must_allow_is_open_once_it_has() {
    check_asked(
        "running
         method 1 20.10 00
         accept-channel 1
         accept-channel 1
         method 1 20.10 00",
        expect![[r#"
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
            accept-channel 1
                < 1 channel.open-ok
            accept-channel 1
            method 1 20.10 00
                ! failed
                < 0 connection.close 504 CHANNEL_ERROR - second 'channel.open' seen (20.10)
        "#]],
    );
}

#[test]
fn a_channel_that_the_owner_does_not_allow_is_never_said_to_be_open() {
    check_asked(
        "running
         quietly method 1 20.10 00
         close
         accept-channel 1",
        expect![[r#"
            close
                < 0 connection.close 404 NOT_FOUND - gone (0.0)
            accept-channel 1
        "#]],
    );
}

#[test]
fn only_the_other_sides_methods_are_taken() {
    let deliver = "method 1 60.60 000000000000000000000000";
    check(
        &format!("running\nquietly method 1 20.10 00\n{deliver}"),
        expect![[r#"
            method 1 60.60 000000000000000000000000
                ! failed
                < 0 connection.close 503 COMMAND_INVALID - unimplemented method (60.60)
        "#]],
    );
    check(
        "running\nquietly method 1 20.10 00\nmethod 1 20.11 00000000",
        expect![[r#"
            method 1 20.11 00000000
                ! failed
                < 0 connection.close 503 COMMAND_INVALID - unimplemented method (20.11)
        "#]],
    );
}

#[test]
fn handshake_methods_come_too_late_on_an_open_connection() {
    check(
        "running\nopen /",
        expect![[r#"
        open /
            ! failed
            < 0 connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (10.40)
    "#]],
    );
    check(
        "running\nstart-ok",
        expect![[r#"
        start-ok
            ! failed
            < 0 connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (10.11)
    "#]],
    );
    check(
        "running\nmethod 0 10.21 00000000",
        expect![[r#"
        method 0 10.21 00000000
            ! failed
            < 0 connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (10.21)
    "#]],
    );
    check(
        "running\nquietly method 1 20.10 00\nmethod 1 10.21 00000000",
        expect![[r#"
            method 1 10.21 00000000
                ! failed
                < 0 connection.close 503 COMMAND_INVALID - unimplemented method (10.21)
        "#]],
    );
}

#[test]
fn what_comes_on_a_closing_channel_is_discarded_until_the_answer() {
    check(
        "running
         method 1 20.10 00
         close-channel 1
         method 1 60.40 0000000000
         header-frame 1 60 5
         body 1 5
         method 1 99.99
         method 1 20.41
         method 1 20.41
         method 1 20.10 00",
        expect![[r#"
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
            close-channel 1
                < 1 channel.close 404 NOT_FOUND - gone (0.0)
            method 1 60.40 0000000000
            header-frame 1 60 5
            body 1 5
            method 1 99.99
            method 1 20.41
                ! ChannelClosed { channel: ChannelNumber(1) }
            method 1 20.41
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
        "#]],
    );
}

#[test]
fn both_sides_may_close_a_channel_at_once() {
    check(
        "running
         method 1 20.10 00
         close-channel 1
         method 1 20.40 00c80000000000
         method 1 20.41",
        expect![[r#"
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
            close-channel 1
                < 1 channel.close 404 NOT_FOUND - gone (0.0)
            method 1 20.40 00c80000000000
                < 1 channel.close-ok
            method 1 20.41
                ! ChannelClosed { channel: ChannelNumber(1) }
        "#]],
    );
    check(
        "running
         method 1 20.10 00
         method 1 20.40 00c80000000000
         close-channel 1
         finish-channel 1
         method 1 20.10 00",
        expect![[r#"
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
            method 1 20.40 00c80000000000
                ! channel 1 closing 200 
            close-channel 1
                < 1 channel.close-ok
            finish-channel 1
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
        "#]],
    );
}

#[test]
fn a_close_ok_that_nobody_waits_for_is_refused() {
    check(
        "running\nquietly method 1 20.10 00\nmethod 1 20.41",
        expect![[r#"
            method 1 20.41
                ! failed
                < 0 connection.close 503 COMMAND_INVALID - unimplemented method (20.41)
        "#]],
    );
    check(
        "running\nmethod 1 20.41",
        expect![[r#"
            method 1 20.41
                ! failed
                < 0 connection.close 504 CHANNEL_ERROR - expected 'channel.open' (20.41)
        "#]],
    );
}

#[test]
fn flow_cannot_be_stopped() {
    check(
        "running\nquietly method 1 20.10 00\nmethod 1 20.20 01\nmethod 1 20.20 00",
        expect![[r#"
            method 1 20.20 01
                < 1 channel.flow-ok
            method 1 20.20 00
                ! failed
                < 0 connection.close 540 NOT_IMPLEMENTED - active=false (20.20)
        "#]],
    );
}

#[test]
fn an_answer_to_a_flow_that_nobody_asked_for_is_refused() {
    check(
        "running\nquietly method 1 20.10 00\nmethod 1 20.21 01",
        expect![[r#"
            method 1 20.21 01
                ! failed
                < 0 connection.close 503 COMMAND_INVALID - unimplemented method (20.21)
        "#]],
    );
}

#[test]
fn what_comes_after_the_peers_close_is_ignored() {
    check(
        "running
         method 0 10.50 00c80362796500000000
         method 1 20.10 00
         finish-close
         method 1 20.10 00",
        expect![[r#"
            method 0 10.50 00c80362796500000000
                ! closing 200 bye
            method 1 20.10 00
            finish-close
                ! Closed
                < 0 connection.close-ok
            method 1 20.10 00
        "#]],
    );
}

#[test]
fn both_sides_may_close_the_connection_at_once() {
    check(
        "running
         close
         method 0 10.50 00c80000000000
         method 0 10.51",
        expect![[r#"
            close
                < 0 connection.close 404 NOT_FOUND - gone (0.0)
            method 0 10.50 00c80000000000
                < 0 connection.close-ok
            method 0 10.51
                ! Closed
        "#]],
    );
}

#[test]
fn a_secret_can_be_replaced() {
    check(
        "running\nmethod 0 10.70 000000016100\nfinish-update-secret",
        expect![[r#"
            method 0 10.70 000000016100
                ! SecretUpdating { new_secret: Secret(1 bytes), reason: "" }
            finish-update-secret
                < 0 connection.update-secret-ok
        "#]],
    );
}

#[test]
fn a_peer_that_closes_a_channel_can_be_told_that_it_failed_before() {
    check(
        "running
         method 1 20.10 00
         tell-failure 1
         quietly method 1 20.40 00c80000000000
         tell-failure 1
         finish-channel 1
         method 1 20.41
         method 1 20.10 00",
        expect![[r#"
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
            tell-failure 1
            tell-failure 1
                < 1 channel.close 404 NOT_FOUND - gone (0.0)
            finish-channel 1
                < 1 channel.close-ok
            method 1 20.41
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
        "#]],
    );
}
