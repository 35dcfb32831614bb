//! A server that breaks the protocol.

use std::time::Duration;

use bytes::Buf as _;
use leveret_client::{
    ChannelError, ConnectError, Connection, ConnectionEnd, ConsumeOptions, ConsumerEnd, Loss,
};
use leveret_protocol::{ChannelNumber, Event, FrameBuffer, Method, basic, connection, queue};
use tokio::time::Instant;

use super::{all_tasks_end, limits, options};
use crate::peer::{connect_with, server, short};

fn frame(channel: u16, method: impl Into<Method>) -> Vec<u8> {
    let mut frames = FrameBuffer::new();
    frames.push_method(ChannelNumber::new(channel), &method.into(), u32::MAX).unwrap();
    frames.copy_to_bytes(frames.len()).to_vec()
}

fn header(kind: u8, channel: u8, length: u32) -> Vec<u8> {
    let mut bytes = vec![kind, 0, channel];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes
}

/// What the words of the loss are after the server has sent these bytes to a connection with a
/// request and a consumer.
async fn words(name: &str, bytes: &[u8]) -> String {
    let (connection, mut peer) = connect_with(options(), limits()).await;
    let channel = peer.channel(&connection).await;
    let (consumer, _) = tokio::join!(
        channel.consume(short("q"), ConsumeOptions::default()),
        peer.answer("basic.consume", basic::ConsumeOk { consumer_tag: short("c") }),
    );
    let mut consumer = consumer.unwrap();
    let began_at = Instant::now();
    let (asked, ()) = tokio::join!(channel.qos(1), peer.write_raw(bytes));
    let Err(ChannelError::ConnectionEnded(ConnectionEnd::Lost(Loss::Protocol { text }))) = asked
    else {
        panic!("{name}: {asked:?}");
    };
    assert_eq!(consumer.recv().await, None);
    assert!(matches!(consumer.end(), Some(ConsumerEnd::ConnectionEnded(_))));
    assert_eq!(began_at.elapsed(), Duration::ZERO, "all hear of it at once");
    // The server is told why, and its answer is not awaited for long.
    let end = connection.closed().await;
    assert_eq!(end, ConnectionEnd::Lost(Loss::Protocol { text: text.clone() }));
    assert!(began_at.elapsed() <= Duration::from_secs(10), "{:?}", began_at.elapsed());
    all_tasks_end().await;
    text
}

#[tokio::test(start_paused = true)]
async fn whatever_breaks_the_protocol_ends_the_connection_with_words_for_it() {
    let deliver = |tag| basic::Deliver { consumer_tag: short(tag), ..basic::Deliver::default() };
    let mut long_body = frame(1, deliver("c"));
    long_body.extend(header(2, 1, 14));
    long_body.extend([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xCE]);
    long_body.extend(header(3, 1, 2));
    long_body.extend(b"ab\xCE");
    let mut stranger = frame(1, deliver("nobody"));
    stranger.extend(header(2, 1, 14));
    stranger.extend([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xCE]);
    let mut unended = frame(1, queue::PurgeOk::default());
    *unended.last_mut().unwrap() = 0;
    let table = [
        ("frame too large", header(1, 1, 200_000)),
        ("frame of 4 GiB", header(1, 1, u32::MAX)),
        ("bad frame end", unended),
        ("unknown frame", [header(4, 1, 0), vec![0xCE]].concat()),
        ("unasked answer", frame(1, queue::PurgeOk::default())),
        ("answer to another request", frame(1, basic::RecoverOk)),
        ("a client's method", frame(1, queue::Purge::default())),
        ("channel never opened", frame(9, queue::PurgeOk::default())),
        ("unasked credential", frame(0, connection::UpdateSecretOk)),
        ("second start", frame(0, connection::Start::default())),
        ("unknown consumer", stranger),
        ("body without method", [header(3, 1, 1), b"a\xCE".to_vec()].concat()),
        ("body too long", long_body),
        ("unknown method", [header(1, 1, 4), vec![0, 60, 0, 250, 0xCE]].concat()),
        ("arguments cut off", [header(1, 1, 5), vec![0, 50, 0, 31, 0, 0xCE]].concat()),
        ("heartbeat on a channel", [header(8, 1, 0), vec![0xCE]].concat()),
    ];
    for (name, bytes) in table {
        let text = words(name, &bytes).await;
        assert!(!text.is_empty(), "{name}");
    }
}

/// What a connection comes to whose server answers the login with these bytes.
async fn after_login(bytes: &[u8]) -> ConnectError {
    let (mut peer, near) = server(limits());
    let options = options();
    let (opened, ()) = tokio::join!(Connection::over(near, &options), async {
        assert!(matches!(peer.next().await, Event::Login { .. }));
        peer.write_raw(bytes).await;
    });
    drop(peer);
    all_tasks_end().await;
    opened.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_limits_are_too_low_is_left_with_the_number() {
    let tune = connection::Tune { channel_max: 1, frame_max: 100, heartbeat: 0 };
    let error = after_login(&frame(0, tune)).await;
    let text = error.to_string();
    assert!(text.contains("frame_max = 100 is lower than the minimum"), "{text}");
    assert!(matches!(error, ConnectError::Lost(Loss::Protocol { .. })), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn nonsense_in_the_handshake_fails_the_attempt() {
    let table = [
        frame(0, connection::OpenOk),
        frame(1, queue::PurgeOk::default()),
        header(1, 0, 200_000),
        [header(9, 0, 0), vec![0xCE]].concat(),
        vec![0; 64],
    ];
    for bytes in table {
        let error = after_login(&bytes).await;
        assert!(matches!(error, ConnectError::Lost(Loss::Protocol { .. })), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_of_another_protocol_is_named_by_what_it_said() {
    for (bytes, expected) in [
        (&b"AMQP\0\x01\0\0"[..], "server speaks only"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "peer broke the protocol"),
    ] {
        let (mut peer, near) = server(limits());
        let options = options();
        let (opened, ()) = tokio::join!(Connection::over(near, &options), peer.write_raw(bytes));
        let text = opened.unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
        drop(peer);
        all_tasks_end().await;
    }
}
