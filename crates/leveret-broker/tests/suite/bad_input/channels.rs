//! Rows bad-W23 to bad-W29: channels that are not open, or no longer.

use expect_test::expect;
use leveret_protocol::{channel, connection};

use super::{
    all, answers, broker, check, connected, declare, method, method_on, publish_to, queue,
};

fn passive(name: &str) -> queue::Declare {
    queue::Declare { passive: true, ..declare(name) }
}

#[tokio::test]
async fn channels_are_opened_once_and_within_bounds() {
    check(
        [
            ("W23 a method on a channel never opened", method_on(7, declare("q"))),
            ("W24 a second channel.open", method(channel::Open)),
            ("W24 channel.open on channel 0", method_on(0, channel::Open)),
            ("W25 a channel above channel-max", method_on(2_048, channel::Open)),
            ("W27 a close-ok that nobody waits for", method(channel::CloseOk)),
            ("W27 a close-ok on a channel never opened", method_on(7, channel::CloseOk)),
            ("W27 a flow-ok that nobody waits for", method(channel::FlowOk { active: true })),
        ],
        expect![[r#"
            W23 a method on a channel never opened
                connection.close 504 CHANNEL_ERROR - expected 'channel.open' (50.10)
                eof
            W24 a second channel.open
                connection.close 504 CHANNEL_ERROR - second 'channel.open' seen (20.10)
                eof
            W24 channel.open on channel 0
                connection.close 504 CHANNEL_ERROR - unexpected method in connection state running (20.10)
                eof
            W25 a channel above channel-max
                connection.close 504 CHANNEL_ERROR - channel 2048 is above the negotiated channel_max (2047) (20.10)
                eof
            W27 a close-ok that nobody waits for
                connection.close 503 COMMAND_INVALID - unimplemented method (20.41)
                eof
            W27 a close-ok on a channel never opened
                connection.close 504 CHANNEL_ERROR - expected 'channel.open' (20.41)
                eof
            W27 a flow-ok that nobody waits for
                connection.close 503 COMMAND_INVALID - unimplemented method (20.21)
                eof
        "#]],
    )
    .await;
}

#[tokio::test]
async fn as_many_channels_as_were_agreed_on_can_be_open() {
    let broker = broker().await;
    let mut peer = connected(&broker).await;
    // Two are open already.
    for number in (1..=2_047).filter(|number| ![1, 9].contains(number)) {
        peer.send_method(number, channel::Open).await;
        assert_eq!(peer.next().await, format!("{number}: channel.open-ok"));
    }
    peer.send_method(2_048, channel::Open).await;
    expect!["connection.close 530 NOT_ALLOWED - number of channels opened (2047) has reached the negotiated channel_max (2047) (0.0)"]
        .assert_eq(&peer.next().await);
    broker.shutdown().await;
    // W26
}

#[tokio::test]
async fn what_comes_after_the_end_is_ignored() {
    let more = || all([publish_to("", "q"), method(passive("more"))]);
    check(
        [
            ("W28 more on a channel that failed", all([method(passive("missing")), more()])),
            (
                "W28 both sides close the channel",
                all([
                    method(passive("missing")),
                    method(channel::Close::default()),
                    method(channel::CloseOk),
                ]),
            ),
            (
                "W29 more after connection.close",
                all([method_on(0, connection::Close::default()), more()]),
            ),
        ],
        expect![[r#"
            W28 more on a channel that failed
                1: channel.close 404 NOT_FOUND - no queue 'missing' in vhost '/' (50.10)
                alive
            W28 both sides close the channel
                1: channel.close 404 NOT_FOUND - no queue 'missing' in vhost '/' (50.10)
                1: channel.close-ok
                alive
            W29 more after connection.close
                connection.close-ok
                eof
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_channel_that_failed_can_be_opened_again() {
    // W28
    let broker = broker().await;
    let mut peer = connected(&broker).await;
    peer.send_method(1, passive("missing")).await;
    assert!(peer.next().await.starts_with("1: channel.close 404"));
    // Still on the old channel.
    peer.send(&all([publish_to("", "q"), method(passive("more"))])).await;
    peer.send_method(1, channel::CloseOk).await;
    peer.send_method(1, channel::Open).await;
    let said = answers(&mut peer, &method(declare("q"))).await;
    assert_eq!(said, ["1: channel.open-ok", "1: queue.declare-ok", "alive"]);
    broker.shutdown().await;
}
