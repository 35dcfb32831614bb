//! A real broker that stops, and starts again on the same port with what it kept.

use std::{net::SocketAddr, path::Path, time::Duration};

use leveret_broker::Broker;
use leveret_client::{
    Backoff, Client, ClientEvent, ClientOptions, ConnectOptions, Properties, Publish,
    PublisherOptions, QueueDeclare, Settled, SubscriptionOptions,
};

use crate::{connections::until, toy::short};

pub(crate) async fn start(address: SocketAddr, data: &Path) -> Broker {
    Broker::builder().data_dir(data).listen(address).start().await.unwrap()
}

/// A client of this broker that does not wait long between two attempts.
pub(crate) fn options_to(address: SocketAddr) -> ClientOptions {
    ClientOptions {
        addresses: vec![ConnectOptions {
            host: address.ip().to_string(),
            port: address.port(),
            ..ConnectOptions::default()
        }],
        backoff: Backoff { longest: Duration::from_millis(200), ..Backoff::default() },
        ..ClientOptions::default()
    }
}

pub(crate) fn job(body: &str) -> Publish {
    Publish {
        routing_key: short("jobs"),
        properties: Properties::builder().persistent().build(),
        body: body.to_owned().into(),
        ..Publish::default()
    }
}

#[tokio::test]
async fn a_broker_that_restarts_on_its_port_finds_the_client_waiting() {
    let data = tempfile::tempdir().unwrap();
    let broker = start("127.0.0.1:0".parse().unwrap(), data.path()).await;
    let address = broker.local_addrs()[0];
    let client = Client::connect(options_to(address)).await.unwrap();
    let jobs = QueueDeclare { name: short("jobs"), ..QueueDeclare::default() };
    client.queue_declare(&jobs).await.unwrap();
    let private = client.queue_declare(&QueueDeclare::private()).await.unwrap().name;
    let publisher = client.publisher(PublisherOptions::default());
    let options = |queue| SubscriptionOptions { queue, ..SubscriptionOptions::default() };
    let mut subscription = client.subscribe(options(short("jobs"))).await.unwrap();
    let other = client.subscribe(options(private.clone())).await.unwrap();
    publisher.publish(job("before")).await.unwrap();
    let unsettled = subscription.recv().await.unwrap();

    let mut events = client.events();
    assert!(broker.shutdown().await.is_none());
    until(&mut events, |event| matches!(event, ClientEvent::Waiting { .. })).await;
    assert_eq!(unsettled.ack(), Settled::Stale);
    let (answer, broker) = tokio::join!(publisher.publish(job("during")), async {
        until(&mut events, |event| matches!(event, ClientEvent::ConnectFailed { .. })).await;
        start(address, data.path()).await
    });
    answer.unwrap();
    assert!(subscription.live().await && other.live().await);
    assert!(subscription.verify().await.unwrap() && other.verify().await.unwrap());
    assert_ne!(client.current_name(&private), private);
    for (body, redelivered) in [("before", true), ("during", false)] {
        let delivery = subscription.recv().await.unwrap();
        assert_eq!((&delivery.body[..], delivery.redelivered), (body.as_bytes(), redelivered));
        assert_eq!(delivery.ack(), Settled::Sent);
    }
    client.close().await;
    assert!(broker.shutdown().await.is_none());
}
