//! What was confirmed is there again, whatever ended the broker.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use leveret_broker::{Broker, Builder, Failure, Limits};
use leveret_journal::{FaultKind, Repeat, SimDisk};
use tokio::io::DuplexStream;

use crate::wire::Wire;

const QUEUE: &str = "ledger";

fn body(number: u64) -> Bytes {
    format!("message {number}").into()
}

async fn connected(broker: &Broker) -> Wire<DuplexStream> {
    let mut peer = Wire::new(broker.connect());
    peer.ready_to_publish(QUEUE).await;
    peer
}

/// A broker that does not wait long for peers that play dead.
fn builder() -> Builder {
    let mut limits = Limits::default();
    limits.close_timeout = Duration::from_millis(50);
    Broker::builder().limits(limits)
}

async fn on_disk(disk: &SimDisk) -> Broker {
    builder().simulated_disk(disk.clone()).start().await.unwrap()
}

/// The checker: which of the confirmed messages a broker does not have, once started on a disk
/// whose power failed; and that it has none twice, and none that was not published.
async fn lost(disk: &SimDisk, seed: u64, confirmed: u64, published: u64) -> BTreeSet<Bytes> {
    let disk = disk.fork();
    disk.crash(seed);
    let broker = on_disk(&disk).await;
    let messages = connected(&broker).await.drain(QUEUE).await;
    broker.shutdown().await;
    let found: BTreeSet<Bytes> = messages.iter().cloned().collect();
    assert_eq!(found.len(), messages.len(), "a message is there twice");
    let known: BTreeSet<Bytes> = (1..=published).map(body).collect();
    assert!(found.is_subset(&known), "a message is there that nobody published");
    (1..=confirmed).map(body).filter(|message| !found.contains(message)).collect()
}

#[tokio::test]
async fn after_a_clean_stop_all_is_there_in_order() {
    let root = tempfile::tempdir().unwrap();
    let start = || builder().data_dir(root.path()).start();
    let broker = start().await.unwrap();
    let mut peer = connected(&broker).await;
    for number in 1..=50 {
        peer.publish(QUEUE, body(number)).await;
    }
    let large = Bytes::from(vec![7; 3_000_000]);
    peer.publish(QUEUE, large.clone()).await;
    peer.confirmed(51).await;
    broker.shutdown().await;

    let broker = start().await.unwrap();
    assert!(broker.recovered().records >= 51);
    let messages = connected(&broker).await.drain(QUEUE).await;
    let expected: Vec<Bytes> = (1..=50).map(body).chain([large]).collect();
    assert!(messages == expected, "{} messages came back", messages.len());
    broker.shutdown().await;
}

#[tokio::test]
async fn a_power_loss_takes_nothing_that_was_confirmed() {
    let disk = SimDisk::new();
    let broker = on_disk(&disk).await;
    let mut peer = connected(&broker).await;
    for number in 1..=60 {
        peer.publish(QUEUE, body(number)).await;
        peer.confirmed(number).await;
        if number % 6 == 0 {
            assert_eq!(lost(&disk, number / 6, number, number).await, BTreeSet::new());
        }
    }
    // Whatever came of those that are under way, it is all or nothing of each.
    for number in 61..=100 {
        peer.publish(QUEUE, body(number)).await;
    }
    for seed in 0..5 {
        assert_eq!(lost(&disk, seed, 60, 100).await, BTreeSet::new());
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn on_a_disk_that_lies_about_syncs_the_checker_finds_the_loss() {
    let disk = SimDisk::new();
    let broker = on_disk(&disk).await;
    let mut peer = connected(&broker).await;
    disk.lie_about_syncs();
    for number in 1..=20 {
        peer.publish(QUEUE, body(number)).await;
    }
    peer.confirmed(20).await;
    assert_eq!(lost(&disk, 0, 20, 20).await.len(), 20);
    broker.shutdown().await;
}

#[tokio::test]
async fn after_a_failed_disk_nothing_more_is_confirmed() {
    for kind in [FaultKind::Broken, FaultKind::Full, FaultKind::PowerCut] {
        let disk = SimDisk::new();
        let broker = on_disk(&disk).await;
        let mut peer = connected(&broker).await;
        peer.publish(QUEUE, body(1)).await;
        peer.confirmed(1).await;
        disk.inject(kind, 0, Repeat::Forever);
        peer.publish(QUEUE, body(2)).await;
        assert_eq!(
            peer.next().await,
            "connection.close 541 INTERNAL_ERROR - the broker has failed (0.0)"
        );
        assert!(matches!(broker.failed().await, Failure::Disk { .. }));
        broker.shutdown().await;
        disk.heal();
        assert_eq!(lost(&disk, 0, 1, 2).await, BTreeSet::new());
    }
}

#[tokio::test]
async fn in_memory_confirms_come_at_once_and_nothing_stays() {
    let start = || builder().in_memory().start();
    let broker = start().await.unwrap();
    let mut peer = connected(&broker).await;
    peer.publish(QUEUE, body(1)).await;
    peer.confirmed(1).await;
    broker.shutdown().await;
    let broker = start().await.unwrap();
    assert!(connected(&broker).await.drain(QUEUE).await.is_empty());
    broker.shutdown().await;
}

#[tokio::test]
async fn what_was_received_before_an_abrupt_end_is_processed() {
    let broker = builder().in_memory().start().await.unwrap();
    let mut peer = connected(&broker).await;
    for number in 1..=2_000 {
        peer.publish(QUEUE, body(number)).await;
    }
    drop(peer);
    let mut found = Vec::new();
    while found.len() < 2_000 {
        found.extend(connected(&broker).await.drain(QUEUE).await);
    }
    assert_eq!(found.len(), 2_000);
    broker.shutdown().await;
}

#[tokio::test]
async fn virtual_hosts_keep_their_own_messages() {
    let root = tempfile::tempdir().unwrap();
    let start = |names: &[&str]| {
        let builder = builder().data_dir(root.path());
        names.iter().fold(builder, |builder, name| builder.virtual_host(*name)).start()
    };
    let broker = start(&["burrow"]).await.unwrap();
    let mut peer = connected(&broker).await;
    peer.publish(QUEUE, body(1)).await;
    peer.confirmed(1).await;
    broker.shutdown().await;
    // In another order, with one more, and without one that stays all the same.
    let broker = start(&["new"]).await.unwrap();
    assert_eq!(connected(&broker).await.drain(QUEUE).await, [body(1)]);
    broker.shutdown().await;
}
