//! A connection's life beside its login: loopback, shutdown, failure, silence.

use std::time::{Duration, Instant};

use expect_test::expect;
use leveret_broker::{Broker, Limits, Secret, StartError, User};
use leveret_protocol::{access, channel, connection};
use tokio::net::TcpStream;

use crate::wire::Wire;

const FORCED: &str = "connection.close 320 CONNECTION_FORCED - \
    broker forced connection closure with reason 'shutdown' (0.0)";

async fn in_memory() -> Broker {
    let address = "127.0.0.1:0".parse().unwrap();
    Broker::builder().in_memory().listen(address).listen(address).start().await.unwrap()
}

#[tokio::test]
async fn each_address_has_its_port_and_the_process_needs_none() {
    let broker = in_memory().await;
    assert_eq!(broker.local_addrs().len(), 2);
    assert_ne!(broker.local_addrs()[0], broker.local_addrs()[1]);
    for address in broker.local_addrs() {
        Wire::new(TcpStream::connect(address).await.unwrap()).ready().await;
    }
    Wire::new(broker.connect()).ready().await;
    assert_eq!(broker.connection_panics(), 0);
    broker.shutdown().await;
}

#[tokio::test]
async fn users_that_contradict_each_other_are_refused() {
    let user = |name| User::new(name, Secret::new("x")).virtual_hosts(["nope"]);
    let started = Broker::builder().in_memory().user(user("a")).user(user("a")).start().await;
    let StartError::Config(error) = started.unwrap_err() else { panic!("another error") };
    expect![[r#"
        user `a` may open the virtual host `nope`, which does not exist
        user `a` is there twice
        user `a` may open the virtual host `nope`, which does not exist"#]]
    .assert_eq(&error.to_string());
}

#[tokio::test]
async fn a_clean_stop_tells_each_peer_and_waits_for_its_answer() {
    let broker = in_memory().await;
    let address = broker.local_addrs()[0];
    let mut peer = Wire::new(TcpStream::connect(address).await.unwrap());
    peer.ready().await;
    let stop = tokio::spawn(broker.shutdown());
    assert_eq!(peer.next().await, FORCED);
    peer.send_method(0, connection::CloseOk).await;
    assert_eq!(peer.next().await, "eof");
    stop.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_clean_stop_does_not_wait_for_ever() {
    let mut limits = Limits::default();
    limits.close_timeout = Duration::from_millis(50);
    let broker = Broker::builder().in_memory().limits(limits).start().await.unwrap();
    let mut silent = Wire::new(broker.connect());
    silent.ready().await;
    let unfinished = broker.connect();
    let before = Instant::now();
    broker.shutdown().await;
    assert!(before.elapsed() < Duration::from_secs(10));
    assert_eq!(silent.rest().await, format!("{FORCED}\neof"));
    drop(unfinished);
}

/// Without any time to answer, there is still what the socket takes at once: a peer saw the end of the
/// connection and no reason.
#[tokio::test]
async fn a_hasty_stop_still_says_why() {
    let mut limits = Limits::default();
    limits.close_timeout = Duration::ZERO;
    for _ in 0..20 {
        let limits = limits.clone();
        let broker = Broker::builder().in_memory().limits(limits).start().await.unwrap();
        let mut silent = Wire::new(broker.connect());
        silent.ready().await;
        broker.shutdown().await;
        assert_eq!(silent.rest().await, format!("{FORCED}\neof"));
    }
}

#[tokio::test]
async fn a_dropped_broker_stops_too() {
    let broker = in_memory().await;
    let mut peer = Wire::new(broker.connect());
    peer.ready().await;
    drop(broker);
    assert_eq!(peer.next().await, FORCED);
}

#[tokio::test]
async fn a_silent_peer_hears_heartbeats_and_is_left_after_two() {
    let broker = in_memory().await;
    let mut peer = Wire::new(broker.connect());
    peer.start().await;
    peer.start_ok("PLAIN", "\0guest\0guest", true).await;
    assert_eq!(peer.next().await, "connection.tune 2047 131072 60");
    let tune_ok = connection::TuneOk { channel_max: 2_047, frame_max: 131_072, heartbeat: 1 };
    peer.send_method(0, tune_ok).await;
    peer.open("/").await;
    assert_eq!(peer.next().await, "connection.open-ok");
    let before = Instant::now();
    assert_eq!(peer.next().await, "heartbeat");
    let rest = peer.rest().await;
    assert!(rest.ends_with("eof"), "{rest}");
    assert!(before.elapsed() >= Duration::from_millis(1_500), "two intervals");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_frame_that_makes_no_sense_ends_its_connection_alone() {
    let broker = in_memory().await;
    let mut good = Wire::new(broker.connect());
    good.ready().await;
    let mut bad = Wire::new(broker.connect());
    bad.ready().await;
    bad.send(b"\x01\0\0\0\0\0\x04\0\x0a\0\x0a\0").await;
    let answer = bad.next().await;
    assert!(answer.starts_with("connection.close 501 FRAME_ERROR"), "{answer}");
    assert_eq!(bad.next().await, "eof");
    good.send_method(1, channel::Open).await;
    assert_eq!(good.next().await, "1: channel.open-ok");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_peer_that_closes_is_answered() {
    let broker = in_memory().await;
    let mut peer = Wire::new(broker.connect());
    peer.ready().await;
    peer.send_method(1, channel::Open).await;
    assert_eq!(peer.next().await, "1: channel.open-ok");
    peer.send_method(1, access::Request::default()).await;
    assert_eq!(peer.next().await, "1: access.request-ok");
    peer.send_method(1, channel::Close::default()).await;
    assert_eq!(peer.next().await, "1: channel.close-ok");
    peer.send_method(1, channel::Open).await;
    assert_eq!(peer.next().await, "1: channel.open-ok");
    peer.send_method(0, connection::Close::default()).await;
    assert_eq!(peer.rest().await, "connection.close-ok\neof");
    broker.shutdown().await;
}

/// `basic.get` from a queue that is missing, on channel 1.
const GET_MISSING: &[u8] = b"\x01\0\x01\0\0\0\x0c\0\x3c\0\x46\0\0\x04nope\0\xce";

#[tokio::test]
async fn a_peer_that_closes_hears_first_what_failed() {
    let broker = in_memory().await;
    let failure = "channel.close 404 NOT_FOUND - no queue 'nope' in vhost '/' (60.70)";
    let mut peer = Wire::new(broker.connect());
    peer.ready().await;
    for _ in 0..2 {
        peer.send_method(1, channel::Open).await;
        assert_eq!(peer.next().await, "1: channel.open-ok");
        let close = b"\x01\0\x01\0\0\0\x0b\0\x14\0\x28\0\xc8\0\0\0\0\0\xce";
        peer.send(&[GET_MISSING, close].concat()).await;
        assert_eq!(peer.next().await, format!("1: {failure}"));
        assert_eq!(peer.next().await, "1: channel.close-ok");
        peer.send_method(1, channel::CloseOk).await;
    }
    peer.send_method(1, channel::Open).await;
    assert_eq!(peer.next().await, "1: channel.open-ok");
    let close = b"\x01\0\0\0\0\0\x0b\0\x0a\0\x32\0\xc8\0\0\0\0\0\xce";
    peer.send(&[GET_MISSING, close].concat()).await;
    assert_eq!(peer.next().await, format!("1: {failure}"));
    assert_eq!(peer.rest().await, "connection.close-ok\neof");
    broker.shutdown().await;
}

#[tokio::test]
async fn an_engine_that_panics_again_and_again_is_not_started_for_ever() {
    let root = tempfile::tempdir().unwrap();
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let panics = format!("{}\n", since_epoch.as_secs()).repeat(3);
    std::fs::write(root.path().join("panics"), panics).unwrap();
    let refused = Broker::builder().data_dir(root.path()).start().await;
    assert!(matches!(refused, Err(StartError::PanicLoop(_))), "{refused:?}");
    std::fs::remove_file(root.path().join("panics")).unwrap();
    let broker = Broker::builder().data_dir(root.path()).start().await.unwrap();
    broker.shutdown().await;
}
