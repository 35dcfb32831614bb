//! Peers that do not keep up: nothing grows without bound, no one else waits.

use std::time::Duration;

use bytes::Bytes;
use leveret_broker::{Broker, Limits};
use leveret_protocol::{Method, ShortStr, basic, connection, queue};
use tokio::io::DuplexStream;

use crate::wire::Wire;

const QUEUE: &str = "flow";
const BODY_BYTES: usize = 100_000;
const MESSAGES: u64 = 200;

async fn connected(broker: &Broker) -> Wire<DuplexStream> {
    let mut peer = Wire::new(broker.connect());
    peer.ready_to_publish(QUEUE).await;
    peer
}

async fn publish_all(peer: &mut Wire<DuplexStream>) {
    let body = Bytes::from(vec![1; BODY_BYTES]);
    for _ in 0..MESSAGES {
        peer.publish(QUEUE, body.clone()).await;
    }
    peer.confirmed(MESSAGES).await;
}

async fn consume(peer: &mut Wire<DuplexStream>) {
    let queue = ShortStr::from_static(QUEUE);
    let consume = basic::Consume { queue, no_ack: true, ..basic::Consume::default() };
    peer.send_method(1, consume).await;
}

/// How many messages are in the queue.
async fn depth(peer: &mut Wire<DuplexStream>) -> u64 {
    let queue = ShortStr::from_static(QUEUE);
    peer.send_method(1, queue::Declare { queue, passive: true, ..queue::Declare::default() }).await;
    match peer.next_method().await {
        Ok((1, Method::QueueDeclareOk(ok))) => ok.message_count.into(),
        other => panic!("no depth but {other:?}"),
    }
}

#[tokio::test]
async fn a_consumer_that_does_not_read_is_not_delivered_to() {
    let broker = Broker::builder().in_memory().start().await.unwrap();
    let mut publisher = connected(&broker).await;
    publish_all(&mut publisher).await;
    let mut consumer = connected(&broker).await;
    consume(&mut consumer).await;
    // A megabyte of credit is ten messages, and the pipe takes three more.
    let bound = MESSAGES - 20;
    let mut seen = MESSAGES;
    for _ in 0..200 {
        seen = depth(&mut publisher).await;
        assert!(seen >= bound, "{seen} messages are left");
    }
    assert!(seen < MESSAGES, "some were delivered");
    assert_eq!(consumer.next().await, "1: basic.consume-ok");
    for _ in 0..MESSAGES {
        assert_eq!(consumer.next().await, "1: basic.deliver");
        assert_eq!(consumer.body().await.len(), BODY_BYTES);
    }
    assert_eq!(depth(&mut publisher).await, 0);
    broker.shutdown().await;
}

#[tokio::test]
async fn a_peer_that_closes_and_reads_no_more_is_let_go() {
    let mut limits = Limits::default();
    limits.close_timeout = Duration::from_millis(50);
    let broker = Broker::builder().in_memory().limits(limits).start().await.unwrap();
    let mut publisher = connected(&broker).await;
    let mut consumer = connected(&broker).await;
    consume(&mut consumer).await;
    let body = Bytes::from(vec![1; BODY_BYTES]);
    // More than the pipe takes: some of it waits to be written.
    for _ in 0..5 {
        publisher.publish(QUEUE, body.clone()).await;
    }
    publisher.confirmed(5).await;
    assert_eq!(depth(&mut publisher).await, 0, "all of it was delivered");
    consumer.send_method(0, connection::Close { reply_code: 200, ..Default::default() }).await;
    let is_let_go = async {
        while broker.connections() > 1 {
            depth(&mut publisher).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), is_let_go).await.expect("it is let go");
    broker.shutdown().await;
}
