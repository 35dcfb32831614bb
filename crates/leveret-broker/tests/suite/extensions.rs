//! What Leveret adds to AMQP, over a connection and in real time.

use bytes::Buf as _;
use leveret_broker::Broker;
use leveret_protocol::{
    ChannelNumber, Content, FieldTable, FrameBuffer, Method, Properties, ShortStr, basic, channel,
    queue,
};
use tokio::io::DuplexStream;

use crate::wire::Wire;

const Q: ShortStr = ShortStr::from_static("q");

/// A connection with a queue, and a consumer on it.
async fn consumer(broker: &Broker) -> Wire<DuplexStream> {
    let mut wire = Wire::new(broker.connect());
    wire.ready().await;
    wire.send_method(1, channel::Open).await;
    wire.send_method(1, queue::Declare { queue: Q, ..Default::default() }).await;
    let consume = basic::Consume { queue: Q, no_ack: true, ..Default::default() };
    for answer in ["channel.open-ok", "queue.declare-ok"] {
        assert_eq!(wire.next().await, format!("1: {answer}"));
    }
    wire.send_method(1, consume).await;
    assert_eq!(wire.next().await, "1: basic.consume-ok");
    wire
}

async fn publish(wire: &mut Wire<DuplexStream>, headers: FieldTable, body: &'static str) {
    let method = Method::BasicPublish(basic::Publish { routing_key: Q, ..Default::default() });
    let properties = Properties::builder().headers(headers).build();
    let content = Content { method: &method, properties: &properties, body: body.into() };
    let mut frames = FrameBuffer::new();
    frames.push_content(ChannelNumber::new(1), content, 131_072).unwrap();
    wire.send(&frames.copy_to_bytes(frames.len())).await;
}

/// The key and the body of the next delivery.
async fn delivery(wire: &mut Wire<DuplexStream>) -> (String, String) {
    let (_, Method::BasicDeliver(deliver)) = wire.next_method().await.unwrap() else {
        panic!("another method")
    };
    let body = wire.body().await;
    (deliver.routing_key.to_string(), String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_scheduled_message_comes_by_itself_when_it_is_due() {
    let broker = Broker::builder().in_memory().start().await.unwrap();
    let mut wire = consumer(&broker).await;
    publish(&mut wire, FieldTable::builder().insert("x-leveret-delay", 60).build(), "later").await;
    publish(&mut wire, FieldTable::builder().insert("x-leveret-delay", 20).build(), "soon").await;
    publish(&mut wire, FieldTable::default(), "now").await;
    for body in ["now", "soon", "later"] {
        assert_eq!(delivery(&mut wire).await, ("q".to_owned(), body.to_owned()));
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn a_traced_host_shows_its_publishes_until_it_is_traced_no_longer() {
    let broker = Broker::builder().in_memory().start().await.unwrap();
    assert!(!broker.trace("nowhere", true));
    let mut wire = consumer(&broker).await;
    let exchange = ShortStr::from_static("amq.rabbitmq.trace");
    let routing_key = ShortStr::from_static("publish.#");
    let bind = queue::Bind { queue: Q, exchange, routing_key, ..Default::default() };
    wire.send_method(1, bind).await;
    assert_eq!(wire.next().await, "1: queue.bind-ok");
    assert!(broker.trace("/", true));
    publish(&mut wire, FieldTable::default(), "one").await;
    assert!(broker.trace("/", true));
    let mut keys = [delivery(&mut wire).await.0, delivery(&mut wire).await.0];
    keys.sort();
    assert_eq!(keys, ["publish.", "q"]);
    assert!(broker.trace("/", false));
    publish(&mut wire, FieldTable::default(), "two").await;
    publish(&mut wire, FieldTable::default(), "three").await;
    for body in ["two", "three"] {
        assert_eq!(delivery(&mut wire).await, ("q".to_owned(), body.to_owned()));
    }
    broker.shutdown().await;
}
