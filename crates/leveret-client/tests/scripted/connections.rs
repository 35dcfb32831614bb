//! How connections begin, live and end.

use std::{pin::Pin, time::Duration};

use leveret_client::{
    Backoff, ConnectError, ConnectOptions, Connection, ConnectionEnd, Loss, connect_with_retry,
};
use leveret_protocol::{AmqpError, Event, Limits, ReplyCode};
use tokio::time::Instant;

use crate::peer::{connect, connect_with, open_channel, refused, server};

#[tokio::test]
async fn refused_logins_and_virtual_hosts_are_told_apart_and_permanent() {
    let login = |peer: &mut crate::peer::Peer| {
        peer.session.refuse_login(&AmqpError::new(ReplyCode::AccessRefused, "no"));
    };
    let error = refused(login, false).await;
    assert!(
        matches!(&error, ConnectError::LoginRefused { code: 403, user, .. } if user == "guest")
    );
    assert!(error.is_permanent());
    let host = |peer: &mut crate::peer::Peer| {
        peer.session.refuse_login(&AmqpError::new(ReplyCode::NotAllowed, "vhost / not found"));
    };
    let error = refused(host, false).await;
    assert!(matches!(&error, ConnectError::VirtualHostRefused { code: 530, .. }), "{error:?}");
    assert!(error.is_permanent());
    let error = refused(|_| {}, true).await;
    assert!(matches!(&error, ConnectError::Lost(Loss::EndOfStream)), "{error:?}");
    assert!(!error.is_permanent());
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_says_nothing_is_given_up() {
    let (_peer, near) = server(crate::peer::limits());
    let connect_timeout = Duration::from_secs(3);
    let options = ConnectOptions { connect_timeout, ..ConnectOptions::default() };
    let began_at = Instant::now();
    let error = Connection::over(near, &options).await.unwrap_err();
    assert!(matches!(error, ConnectError::TimedOut { .. }), "{error:?}");
    assert_eq!(began_at.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_silent_broker_is_found_dead_after_two_heartbeats() {
    let options =
        ConnectOptions { heartbeat: Duration::from_secs(10), ..ConnectOptions::default() };
    let limits = Limits { heartbeat_secs: 60, ..Limits::default() };
    let (connection, _peer) = connect_with(options, limits).await;
    assert_eq!(connection.negotiated().heartbeat_secs, 10);
    let began_at = Instant::now();
    assert_eq!(connection.closed().await, ConnectionEnd::Lost(Loss::Silence));
    assert_eq!(began_at.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_go_out_while_nothing_else_does() {
    let options =
        ConnectOptions { heartbeat: Duration::from_secs(10), ..ConnectOptions::default() };
    let (_connection, mut peer) = connect_with(options, Limits::default()).await;
    peer.received.clear();
    let idle = tokio::time::timeout(Duration::from_secs(16), peer.next()).await;
    assert!(idle.is_err());
    assert_eq!(&peer.received[..], [8, 0, 0, 0, 0, 0, 0, 0xCE].repeat(3));
}

#[tokio::test]
async fn a_close_is_answered_before_it_returns() {
    let (channel, connection, mut peer) = open_channel().await;
    let (end, ()) = tokio::join!(connection.close(), async {
        match peer.next().await {
            Event::Closing { reason } => assert_eq!(reason.code, 200),
            other => panic!("{other:?}"),
        }
        assert_eq!(connection.end(), None, "not before the broker has agreed");
        peer.session.finish_close();
        peer.flush().await;
    });
    assert_eq!(end, ConnectionEnd::ClosedHere);
    assert!(channel.end().unwrap().is_connection_end());
    assert_eq!(connection.close().await, ConnectionEnd::ClosedHere);
}

#[tokio::test]
async fn dropping_every_handle_closes_in_the_background() {
    let (channel, connection, mut peer) = open_channel().await;
    drop(connection);
    assert_eq!(channel.end(), None, "a channel keeps its connection");
    drop(channel);
    assert!(matches!(peer.next().await, Event::ChannelClosing { .. }));
    assert!(matches!(peer.next().await, Event::Closing { .. }));
    peer.session.finish_close();
    peer.flush().await;
    assert!(matches!(peer.next().await, Event::Closed));
    // The pipe ends: no task holds the stream any more.
    assert!(matches!(peer.next().await, Event::Closed));
}

#[tokio::test]
async fn a_broker_that_closes_is_quoted() {
    let (connection, mut peer) = connect().await;
    peer.session.close(&AmqpError::new(ReplyCode::ConnectionForced, "CONSOLE"));
    peer.serve_until_closed().await;
    let text = "CONNECTION_FORCED - CONSOLE".to_owned();
    assert_eq!(connection.closed().await, ConnectionEnd::ClosedByBroker { code: 320, text });
}

#[tokio::test]
async fn blocking_is_seen() {
    let (connection, mut peer) = connect().await;
    let mut blocked = connection.watch_blocked();
    assert_eq!(*blocked.borrow_and_update(), None);
    peer.session.send_blocked(crate::peer::short("low on memory"));
    peer.flush().await;
    blocked.changed().await.unwrap();
    assert_eq!(blocked.borrow_and_update().as_ref().unwrap(), &"low on memory");
    peer.session.send_unblocked();
    peer.flush().await;
    blocked.changed().await.unwrap();
    assert_eq!(*blocked.borrow_and_update(), None);
}

#[tokio::test]
async fn no_debug_output_shows_the_password() {
    let options = ConnectOptions {
        password: "hunter2".into(),
        heartbeat: Duration::ZERO,
        ..ConnectOptions::default()
    };
    let (connection, mut peer) = connect_with(options.clone(), crate::peer::limits()).await;
    let channel = peer.channel(&connection).await;
    let shown = format!("{options:?} {connection:?} {channel:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let hello = leveret_protocol::ClientHello {
        logins: vec![leveret_protocol::ClientLogin {
            mechanism: crate::peer::short("PLAIN"),
            response: "\0guest\0hunter2".into(),
        }],
        client_properties: leveret_protocol::FieldTable::default(),
        locale: crate::peer::short("en_US"),
        virtual_host: crate::peer::short("/"),
    };
    assert!(!format!("{hello:?}").contains("hunter2"));
}

#[tokio::test]
async fn retries_end_at_their_limit_and_name_the_address() {
    // Bound and dropped again, so that nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = ConnectOptions { host: "127.0.0.1".into(), port, ..ConnectOptions::default() };
    let backoff =
        Backoff { first: Duration::from_millis(1), attempts_max: Some(3), ..Backoff::default() };
    let error = connect_with_retry(&options, &backoff).await.unwrap_err();
    let ConnectError::GaveUp { attempts: 3, last } = error else { panic!("{error:?}") };
    assert_eq!(last.to_string(), format!("cannot reach 127.0.0.1:{port}"));
}

#[test]
fn pauses_double_up_to_the_longest() {
    let backoff = Backoff::default();
    let ceilings: Vec<u128> =
        [1, 2, 3, 9, 10, 400].map(|failed| backoff.ceiling(failed).as_millis()).into();
    assert_eq!(ceilings, [100, 200, 400, 25_600, 30_000, 30_000]);
}

#[test]
fn futures_of_the_face_can_be_sent_between_threads() {
    fn check<T: Send>(_: Pin<Box<T>>) {}
    check(Box::pin(Connection::open("amqp://")));
}
