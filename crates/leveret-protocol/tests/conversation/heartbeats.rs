//! Heartbeats on virtual time.

use expect_test::expect;

use super::script::check;

#[test]
fn an_idle_connection_beats_at_half_the_interval_until_the_peer_is_dead() {
    check(
        "running
         wait 29999
         wait 1
         wait 30000
         wait 59999
         wait 1",
        expect![[r#"
            wait 29999
            wait 1
                < heartbeat
            wait 30000
                < heartbeat
            wait 59999
                < heartbeat
            wait 1
                ! failed: peer was silent for two heartbeat intervals
                ! Closed
        "#]],
    );
}

#[test]
fn any_frame_keeps_the_peer_alive() {
    check(
        "running
         wait 119999
         frame 8 0
         wait 119999
         method 1 20.10 00
         wait 1",
        expect![[r#"
            wait 119999
                < heartbeat
            frame 8 0
            wait 119999
                < heartbeat
            method 1 20.10 00
                ! ChannelOpened { channel: ChannelNumber(1) }
                < 1 channel.open-ok
            wait 1
        "#]],
    );
}
