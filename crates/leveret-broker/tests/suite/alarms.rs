//! Alarms: publishers wait and are told so, consumers go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use leveret_broker::{AlarmSettings, Alarms, Broker, Gauge, MemoryMark};
use leveret_protocol::{FieldTable, ShortStr, basic, channel, connection, queue};
use tokio::io::DuplexStream;

use crate::wire::Wire;

/// Numbers that a test sets.
#[derive(Debug, Clone, Default)]
struct Dials {
    memory: Arc<AtomicU64>,
    disk_taken: Arc<AtomicU64>,
}

impl Gauge for Dials {
    fn memory_used(&self) -> Option<u64> {
        Some(self.memory.load(Ordering::Relaxed))
    }

    fn memory_total(&self) -> Option<u64> {
        Some(1_000)
    }

    fn disk_free(&self) -> Option<u64> {
        Some(1_000 - self.disk_taken.load(Ordering::Relaxed))
    }
}

async fn broker(dials: &Dials) -> Broker {
    let mut alarms = AlarmSettings::default();
    alarms.memory = MemoryMark::Percent(40);
    alarms.disk_free_min = 100;
    alarms.interval = Duration::from_millis(10);
    Broker::builder().in_memory().alarms(alarms).gauge(dials.clone()).start().await.unwrap()
}

/// Waits until the alarms are those.
async fn until(broker: &Broker, memory: bool, disk: bool) {
    let is_so = |alarms: Alarms| alarms.memory == memory && alarms.disk == disk;
    while !is_so(broker.alarms()) {
        tokio::task::yield_now().await;
    }
}

/// A client that understands `connection.blocked`.
async fn capable(broker: &Broker) -> Wire<DuplexStream> {
    let mut peer = Wire::new(broker.connect());
    peer.start().await;
    let capabilities = FieldTable::builder().insert("connection.blocked", true).build();
    let client_properties = FieldTable::builder().insert("capabilities", capabilities).build();
    let start_ok = connection::StartOk {
        client_properties,
        mechanism: ShortStr::from_static("PLAIN"),
        response: "\0guest\0guest".into(),
        locale: ShortStr::from_static("en_US"),
    };
    peer.send_method(0, start_ok).await;
    assert_eq!(peer.next().await, "connection.tune 2047 131072 60");
    peer.tune_ok(131_072).await;
    peer.open("/").await;
    assert_eq!(peer.next().await, "connection.open-ok");
    peer.send_method(1, channel::Open).await;
    assert_eq!(peer.next().await, "1: channel.open-ok");
    peer
}

async fn declare(peer: &mut Wire<DuplexStream>, queue: &'static str) {
    let queue = ShortStr::from_static(queue);
    peer.send_method(1, queue::Declare { queue, ..queue::Declare::default() }).await;
}

#[tokio::test]
async fn who_publishes_in_an_alarm_is_told_and_read_no_further() {
    let dials = Dials::default();
    let broker = broker(&dials).await;
    let mut publisher = capable(&broker).await;
    declare(&mut publisher, "q").await;
    assert_eq!(publisher.next().await, "1: queue.declare-ok");
    dials.memory.store(500, Ordering::Relaxed);
    until(&broker, true, false).await;

    // The first publish is taken: it was sent before the client could know.
    publisher.publish("q", "one").await;
    assert_eq!(publisher.blocked().await, "low on memory");
    declare(&mut publisher, "later").await;

    // A consumer goes on, and takes what is there.
    let mut consumer = capable(&broker).await;
    assert_eq!(consumer.drain("q").await, ["one"]);
    let queue = ShortStr::from_static("later");
    let passive = queue::Declare { queue, passive: true, ..queue::Declare::default() };
    consumer.send_method(1, passive).await;
    let missing = "1: channel.close 404 NOT_FOUND - no queue 'later' in vhost '/' (50.10)";
    assert_eq!(consumer.next().await, missing, "the publisher is not read");

    dials.memory.store(10, Ordering::Relaxed);
    assert_eq!(publisher.next().await, "connection.unblocked");
    assert_eq!(publisher.next().await, "1: queue.declare-ok");
    assert!(!broker.alarms().is_on());
    broker.shutdown().await;
}

#[tokio::test]
async fn both_reasons_are_told_and_both_must_be_over() {
    let dials = Dials::default();
    let broker = broker(&dials).await;
    let mut publisher = capable(&broker).await;
    dials.memory.store(500, Ordering::Relaxed);
    dials.disk_taken.store(950, Ordering::Relaxed);
    until(&broker, true, true).await;
    publisher.publish("q", "one").await;
    assert_eq!(publisher.blocked().await, "low on memory & disk");
    dials.memory.store(0, Ordering::Relaxed);
    until(&broker, false, true).await;
    dials.disk_taken.store(0, Ordering::Relaxed);
    assert_eq!(publisher.next().await, "connection.unblocked");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_client_without_the_capability_waits_without_a_word() {
    let dials = Dials::default();
    dials.disk_taken.store(950, Ordering::Relaxed);
    let broker = broker(&dials).await;
    until(&broker, false, true).await;
    let mut publisher = Wire::new(broker.connect());
    publisher.ready_to_publish("q").await;
    publisher.publish("q", "one").await;
    publisher.confirmed(1).await;
    let get = basic::Get { queue: ShortStr::from_static("q"), no_ack: true };
    publisher.send_method(1, get).await;
    dials.disk_taken.store(0, Ordering::Relaxed);
    // No word of the alarm, and the answer once it is over.
    assert_eq!(publisher.next().await, "1: basic.get-ok");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_blocked_publisher_is_asked_to_go_at_a_stop() {
    let dials = Dials::default();
    dials.disk_taken.store(950, Ordering::Relaxed);
    let broker = broker(&dials).await;
    until(&broker, false, true).await;
    let mut publisher = capable(&broker).await;
    publisher.publish("q", "one").await;
    assert_eq!(publisher.blocked().await, "low on disk");
    let stopped = tokio::spawn(broker.shutdown());
    assert!(publisher.next().await.starts_with("connection.close 320"));
    publisher.send_method(0, connection::CloseOk).await;
    assert_eq!(publisher.next().await, "eof");
    assert!(stopped.await.unwrap().is_none());
}
