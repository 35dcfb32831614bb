//! Queues beyond what memory should hold: all is there, in order, once.

use std::{fs, path::Path, time::Duration};

use bytes::Bytes;
use leveret_broker::{Broker, Builder, Limits, ScrubState, Scrubbed};
use leveret_journal::SimDisk;
use leveret_protocol::{Method, ShortStr, basic};
use tokio::io::DuplexStream;

use crate::wire::Wire;

const QUEUE: &str = "heap";

/// Pages of twenty messages, so that a few hundred need many.
fn builder() -> Builder {
    let mut limits = Limits::default();
    limits.close_timeout = Duration::from_millis(50);
    limits.page_messages_max = 20;
    Broker::builder().limits(limits)
}

fn body(number: u64) -> Bytes {
    format!("message {number}").into()
}

fn bodies(numbers: impl Iterator<Item = u64>) -> Vec<Bytes> {
    numbers.map(body).collect()
}

async fn connected(broker: &Broker) -> Wire<DuplexStream> {
    let mut peer = Wire::new(broker.connect());
    peer.ready_to_publish(QUEUE).await;
    peer
}

async fn publish(peer: &mut Wire<DuplexStream>, count: u64) {
    for number in 1..=count {
        peer.publish(QUEUE, body(number)).await;
        if number % 500 == 0 || number == count {
            peer.confirmed(number).await;
        }
    }
}

/// A peer that has published so much that the log has forgotten the first ten pages.
async fn with_backlog(broker: &Broker, root: &Path) {
    let mut peer = connected(broker).await;
    publish(&mut peer, 400).await;
    while pages(root).len() < 18 {
        tokio::task::yield_now().await;
    }
    peer.publish(QUEUE, body(401)).await;
    peer.confirmed(401).await;
}

/// Gets so many messages, each acknowledged by being got.
async fn get(peer: &mut Wire<DuplexStream>, count: usize) -> Vec<Bytes> {
    let mut bodies = Vec::new();
    while bodies.len() < count {
        let queue = ShortStr::from_static(QUEUE);
        peer.send_method(1, basic::Get { queue, no_ack: true }).await;
        match peer.next_method().await {
            Ok((1, Method::BasicGetOk(_))) => bodies.push(peer.body().await),
            other => panic!("no message but {other:?}"),
        }
    }
    bodies
}

fn pages(root: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(root.join("pages")).unwrap();
    let mut pages: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    pages
}

#[tokio::test]
async fn what_waits_in_pages_comes_in_order_and_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    let broker = builder().data_dir(root.path()).start().await.unwrap();
    let mut peer = connected(&broker).await;
    publish(&mut peer, 1_000).await;
    while pages(root.path()).len() < 40 {
        tokio::task::yield_now().await;
    }
    assert_eq!(get(&mut peer, 1_000).await, bodies(1..=1_000));
    assert!(peer.drain(QUEUE).await.is_empty());
    broker.shutdown().await;
    let broker = builder().data_dir(root.path()).start().await.unwrap();
    assert!(connected(&broker).await.drain(QUEUE).await.is_empty());
    assert_eq!(pages(root.path()), Vec::<std::path::PathBuf>::new());
    broker.shutdown().await;
}

#[tokio::test]
async fn a_power_loss_at_any_time_takes_nothing_of_a_backlog_that_is_half_consumed() {
    let disk = SimDisk::new();
    let broker = builder().simulated_disk(disk.clone()).start().await.unwrap();
    let mut peer = connected(&broker).await;
    publish(&mut peer, 300).await;
    let mut taken = 0;
    for round in 0..6 {
        let after = disk.fork();
        after.crash(round);
        let again = builder().simulated_disk(after).start().await.unwrap();
        let found = connected(&again).await.drain(QUEUE).await;
        // What was just got may be there again: that it was got need not be on disk yet.
        let first = 301 - u64::try_from(found.len()).unwrap();
        assert!(first <= taken + 1, "message {} of round {round} is lost", taken + 1);
        assert_eq!(found, bodies(first..=300), "round {round}");
        again.shutdown().await;
        assert_eq!(get(&mut peer, 37).await, bodies(taken + 1..=taken + 37));
        taken += 37;
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn on_a_disk_that_lies_about_syncs_the_checker_finds_the_loss() {
    let disk = SimDisk::new();
    let broker = builder().simulated_disk(disk.clone()).start().await.unwrap();
    let mut peer = connected(&broker).await;
    disk.lie_about_syncs();
    publish(&mut peer, 300).await;
    let after = disk.fork();
    after.crash(0);
    let again = builder().simulated_disk(after).start().await.unwrap();
    assert!(connected(&again).await.drain(QUEUE).await.len() < 300);
    again.shutdown().await;
    broker.shutdown().await;
}

#[tokio::test]
async fn a_damaged_page_costs_what_is_damaged_until_it_is_mended() {
    let root = tempfile::tempdir().unwrap();
    let start = || builder().data_dir(root.path()).start();
    let broker = start().await.unwrap();
    with_backlog(&broker, root.path()).await;
    broker.shutdown().await;
    let page = pages(root.path()).remove(2);
    let whole = fs::read(&page).unwrap();
    let mut damaged = whole.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(&page, damaged).unwrap();
    let broker = start().await.unwrap();
    let found = connected(&broker).await.drain(QUEUE).await;
    assert_eq!(found, bodies((1..=401).filter(|number| *number != 80)));
    broker.shutdown().await;
    assert!(pages(root.path()).contains(&page));
    fs::write(&page, whole).unwrap();
    let broker = start().await.unwrap();
    assert_eq!(connected(&broker).await.drain(QUEUE).await, bodies(80..=80));
    broker.shutdown().await;
}

#[tokio::test]
async fn a_page_that_is_gone_is_missed_and_nothing_else_is() {
    let root = tempfile::tempdir().unwrap();
    let start = || builder().data_dir(root.path()).start();
    let broker = start().await.unwrap();
    with_backlog(&broker, root.path()).await;
    broker.shutdown().await;
    fs::remove_file(pages(root.path()).remove(0)).unwrap();
    let broker = start().await.unwrap();
    let found = connected(&broker).await.drain(QUEUE).await;
    assert_eq!(found, bodies((1..=401).filter(|number| !(21..=40).contains(number))));
    broker.shutdown().await;
}

/// Bytes of all pages.
fn bytes(root: &Path) -> u64 {
    pages(root).iter().filter_map(|page| page.metadata().ok()).map(|found| found.len()).sum()
}

#[tokio::test]
async fn one_message_that_stays_does_not_hold_its_page() {
    let large = |number: u64| Bytes::from(format!("{number:>10000}"));
    let root = tempfile::tempdir().unwrap();
    let mut limits = Limits::default();
    limits.close_timeout = Duration::from_millis(50);
    limits.page_messages_max = 20;
    limits.page_thin_after = Duration::from_millis(1);
    let start = || Broker::builder().limits(limits.clone()).data_dir(root.path()).start();
    let broker = start().await.unwrap();
    let mut peer = connected(&broker).await;
    for number in 1..=200 {
        peer.publish(QUEUE, large(number)).await;
        peer.confirmed(number).await;
    }
    while pages(root.path()).len() < 8 {
        tokio::task::yield_now().await;
    }
    assert!(bytes(root.path()) > 1_600_000);
    // One of each page is kept back.
    for number in 1..=200 {
        let queue = ShortStr::from_static(QUEUE);
        peer.send_method(1, basic::Get { queue, no_ack: number % 20 != 5 }).await;
        assert!(matches!(peer.next_method().await, Ok((1, Method::BasicGetOk(_)))));
        assert_eq!(peer.body().await, large(number));
    }
    // Of each page there stays what is left, and less than is worth another round.
    while bytes(root.path()) > 9 * 76_000 {
        tokio::task::yield_now().await;
    }
    assert!(pages(root.path()).len() >= 8);
    broker.shutdown().await;
    let broker = start().await.unwrap();
    let mut peer = connected(&broker).await;
    let kept: Vec<Bytes> = (1..=200).filter(|number| number % 20 == 5).map(large).collect();
    assert_eq!(peer.drain(QUEUE).await, kept);
    broker.shutdown().await;
}

/// Waits until all that is on the disk was verified.
async fn scrubbed(broker: &Broker) -> Scrubbed {
    while broker.scrubbed().state != ScrubState::Done {
        tokio::task::yield_now().await;
    }
    broker.scrubbed()
}

#[tokio::test]
async fn a_damaged_page_is_found_before_anybody_wants_it() {
    let root = tempfile::tempdir().unwrap();
    let broker = builder().data_dir(root.path()).start().await.unwrap();
    with_backlog(&broker, root.path()).await;
    broker.shutdown().await;
    let broker = builder().data_dir(root.path()).start().await.unwrap();
    let found = scrubbed(&broker).await;
    assert!(found.files >= 18 && found.bytes > 10_000, "{found:?}");
    assert_eq!(found.damaged, 0);
    broker.shutdown().await;
    let page = &pages(root.path())[7];
    let mut content = fs::read(page).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(page, content).unwrap();
    let broker = builder().data_dir(root.path()).start().await.unwrap();
    assert_eq!(scrubbed(&broker).await.damaged, 1);
    broker.shutdown().await;
}
