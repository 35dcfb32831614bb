//! Virtual hosts that are made, described and deleted while the broker runs.

use std::{fs, path::Path, time::Duration};

use leveret_broker::{Broker, Limits};
use leveret_protocol::{Method, ShortStr, basic, channel, confirm, queue};
use serde_json::json;
use tokio::io::DuplexStream;

use crate::{admin_api, wire::Wire};

async fn start(root: &Path) -> Broker {
    let mut limits = Limits::default();
    limits.close_timeout = Duration::from_millis(50);
    limits.page_messages_max = 20;
    let any = "127.0.0.1:0".parse().unwrap();
    Broker::builder().data_dir(root).limits(limits).admin_listen(any).start().await.unwrap()
}

/// How many pages that virtual host has.
fn pages(root: &Path, stream: u32) -> usize {
    let entries = fs::read_dir(root.join("pages")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(&format!("{stream:010}-"))).count()
}

/// A peer with a channel that confirms, and a durable queue `heap`.
async fn peer_in(broker: &Broker, virtual_host: &'static str) -> Wire<DuplexStream> {
    let mut peer = Wire::new(broker.connect());
    peer.login().await;
    peer.open(virtual_host).await;
    assert_eq!(peer.next().await, "connection.open-ok");
    peer.send_method(1, channel::Open).await;
    assert_eq!(peer.next().await, "1: channel.open-ok");
    let queue = ShortStr::from_static("heap");
    peer.send_method(1, queue::Declare { queue, durable: true, ..queue::Declare::default() }).await;
    assert_eq!(peer.next().await, "1: queue.declare-ok");
    peer.send_method(1, confirm::Select::default()).await;
    assert_eq!(peer.next().await, "1: confirm.select-ok");
    peer
}

#[tokio::test]
async fn whoever_is_in_a_virtual_host_that_is_deleted_is_told_before_the_end() {
    let broker = Broker::builder().in_memory().start().await.unwrap();
    broker.admin().add_virtual_host("burrow").await.unwrap();
    broker.admin().set_permissions("guest", "burrow", [".*", ".*", ".*"]).await.unwrap();
    for round in 0..20 {
        let mut peers = Vec::new();
        for _ in 0..5 {
            peers.push(peer_in(&broker, "burrow").await);
        }
        let (deleted, ()) =
            tokio::join!(async { broker.admin().delete_virtual_host("burrow").await }, async {
                for peer in &mut peers {
                    assert_eq!(
                        peer.next().await,
                        "connection.close 320 CONNECTION_FORCED - vhost 'burrow' is deleted (0.0)",
                        "round {round}"
                    );
                    peer.send_method(0, leveret_protocol::connection::CloseOk).await;
                }
            });
        assert!(deleted.is_ok());
        for peer in &mut peers {
            assert_eq!(peer.next().await, "eof", "round {round}");
        }
        broker.admin().add_virtual_host("burrow").await.unwrap();
        broker.admin().set_permissions("guest", "burrow", [".*", ".*", ".*"]).await.unwrap();
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn the_pages_of_a_deleted_virtual_host_go_while_others_keep_theirs() {
    let root = tempfile::tempdir().unwrap();
    let broker = start(root.path()).await;
    broker.admin().add_virtual_host("burrow").await.unwrap();
    broker.admin().set_permissions("guest", "burrow", [".*", ".*", ".*"]).await.unwrap();
    let mut kept = peer_in(&broker, "/").await;
    let mut gone = peer_in(&broker, "burrow").await;
    for peer in [&mut kept, &mut gone] {
        for number in 1..=400_u32 {
            peer.publish("heap", number.to_string()).await;
        }
        peer.confirmed(400).await;
    }
    while pages(root.path(), 1) < 18 || pages(root.path(), 2) < 18 {
        tokio::task::yield_now().await;
    }
    // Its peer reads on, so that the connection can end.
    let (deleted, _) =
        tokio::join!(async { broker.admin().delete_virtual_host("burrow").await }, gone.rest());
    assert!(deleted.is_ok());
    drop(gone);
    while pages(root.path(), 2) > 0 {
        tokio::task::yield_now().await;
    }
    assert!(pages(root.path(), 1) >= 18);
    drop(kept);
    broker.shutdown().await;

    // As if the broker had ended before it had removed them.
    let left = root.path().join("pages/0000000002-00000000000000000007.page");
    fs::write(&left, "left over").unwrap();
    let broker = start(root.path()).await;
    assert!(!left.exists());
    assert_eq!(peer_in(&broker, "/").await.drain("heap").await.len(), 400);
    broker.shutdown().await;
}

#[tokio::test]
async fn a_virtual_host_decides_what_queues_are_by_default_also_after_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let broker = start(root.path()).await;
    let host = json!({ "default_queue_type": "quorum" });
    assert_eq!(admin_api::put(&broker, "vhosts/burrow", host).await, 201);
    let stream = json!({ "default_queue_type": "stream" });
    assert_eq!(admin_api::put(&broker, "vhosts/other", stream).await, 400);
    let durable = json!({ "durable": true });
    for path in ["queues/burrow/first", "queues/%2F/first"] {
        assert_eq!(admin_api::put(&broker, path, durable.clone()).await, 201);
    }
    broker.shutdown().await;

    let broker = start(root.path()).await;
    assert_eq!(admin_api::put(&broker, "queues/burrow/second", durable.clone()).await, 201);
    let host = json!({ "default_queue_type": "classic" });
    assert_eq!(admin_api::put(&broker, "vhosts/burrow", host).await, 204);
    assert_eq!(admin_api::put(&broker, "queues/burrow/third", durable).await, 201);
    let (_, queues) = admin_api::ask(&broker, "GET /api/queues?columns=name,type&sort=name").await;
    let expected = json!([
        { "name": "first", "type": "quorum" },
        { "name": "first", "type": "classic" },
        { "name": "second", "type": "quorum" },
        { "name": "third", "type": "classic" },
    ]);
    let types = |queues: &serde_json::Value| {
        let mut types: Vec<_> =
            queues.as_array().unwrap().iter().map(ToString::to_string).collect();
        types.sort();
        types
    };
    assert_eq!(types(&queues), types(&expected));
    broker.shutdown().await;
}

#[tokio::test]
async fn what_is_unsettled_for_longer_than_configured_closes_its_channel() {
    for is_in_memory in [true, false] {
        let root = tempfile::tempdir().unwrap();
        let mut limits = Limits::default();
        limits.close_timeout = Duration::from_millis(50);
        limits.consumer_timeout = Some(Duration::from_millis(20));
        let builder = Broker::builder().limits(limits);
        let builder =
            if is_in_memory { builder.in_memory() } else { builder.data_dir(root.path()) };
        let broker = builder.start().await.unwrap();
        let mut peer = peer_in(&broker, "/").await;
        peer.publish("heap", "late").await;
        peer.confirmed(1).await;
        let queue = ShortStr::from_static("heap");
        peer.send_method(1, basic::Get { queue, no_ack: false }).await;
        match peer.next_method().await {
            Ok((1, Method::BasicGetOk(_))) => peer.body().await,
            other => panic!("no message but {other:?}"),
        };
        let told = peer.next().await;
        assert!(told.contains("channel.close 406"), "{told}");
        drop(peer);
        broker.shutdown().await;
    }
}
