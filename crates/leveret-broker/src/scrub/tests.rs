//! A pass over a simulated disk.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use leveret_journal::{Journal, Options, Seq, SimDisk, StreamId};
use tokio::sync::watch;

use super::{Scrub, ScrubState, Scrubbed, Terms};
use crate::{
    hosts::DiskQueues,
    lifecycle::Lifecycle,
    log::{LogStream, LogThread, Record},
    pages::PageThreads,
};

const STREAM: StreamId = StreamId(1);
const SEGMENT: &str = "segment-00000000000000000002.journal";
const PAGE: &str = "0000000001-00000000000000000007.page";

struct World {
    log: SimDisk,
    pages: SimDisk,
    queues: DiskQueues,
    lifecycle: Lifecycle,
}

/// A log of some segments that a thread has open, and no pages.
async fn world() -> World {
    let (log, pages, lifecycle) = (SimDisk::new(), SimDisk::new(), Lifecycle::start());
    let options = Options { segment_bytes: 16 << 10, buffer_bytes: 4 << 10, ..Options::default() };
    let (journal, _) = Journal::open(log.clone(), options, |_, _, _| Ok(())).unwrap();
    let mut thread = LogThread::new(journal, lifecycle.clone(), "the simulated disk".into());
    let mailbox = thread.add_stream(STREAM, Seq(0));
    let (log_queue, _) = thread.start(()).unwrap();
    let stream = LogStream::new(STREAM, log_queue.clone(), Arc::clone(&mailbox));
    for seq in 1..=100 {
        let bytes = Bytes::from(vec![7; 1_000]);
        stream.append(vec![Record { seq: Seq(seq), bytes }]).await;
    }
    while mailbox.durable() < Seq(100) {
        mailbox.changed().await;
    }
    let threads = PageThreads::new(pages.clone(), pages.clone(), lifecycle.clone());
    let (page_queue, _) = threads.start(&Arc::new(())).unwrap();
    World { log, pages, queues: DiskQueues { log: log_queue, pages: page_queue }, lifecycle }
}

async fn pass(world: &World, rate: u64) -> Scrubbed {
    let figures = watch::Sender::new(Scrubbed::default());
    let found = figures.subscribe();
    let terms = Terms { queues: world.queues.clone(), rate: Box::new(move || rate), figures };
    let scrub = Scrub::new(world.log.clone(), world.pages.clone());
    scrub.run(terms, world.lifecycle.watch()).await;
    *found.borrow()
}

fn flip(disk: &SimDisk, file: &str, at: usize) {
    let mut bytes = disk.read(file).unwrap();
    bytes[at] ^= 1;
    disk.put(file, &bytes);
}

#[tokio::test]
async fn a_log_that_is_whole_is_found_so_at_the_rate_that_is_set() {
    let world = world().await;
    let began = Instant::now();
    let found = pass(&world, 1_000_000).await;
    assert_eq!((found.state, found.damaged), (ScrubState::Done, 0));
    assert!(found.files > 5 && found.bytes > 100_000, "{found:?}");
    assert!(began.elapsed() >= Duration::from_micros(found.bytes), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_flipped_byte_of_the_log_is_found() {
    let world = world().await;
    flip(&world.log, SEGMENT, 9_000);
    let found = pass(&world, 1 << 20).await;
    assert_eq!((found.state, found.damaged), (ScrubState::Done, 1));
}

#[tokio::test]
async fn a_page_that_is_none_is_found() {
    let world = world().await;
    world.pages.put(PAGE, b"no page");
    let found = pass(&world, 1 << 20).await;
    assert_eq!((found.state, found.damaged), (ScrubState::Done, 1));
}

#[tokio::test]
async fn without_a_rate_nothing_is_read() {
    let world = world().await;
    flip(&world.log, SEGMENT, 9_000);
    assert_eq!(pass(&world, 0).await, Scrubbed::default());
}

#[tokio::test]
async fn a_broker_that_stops_does_not_wait_for_the_pass() {
    let world = world().await;
    world.lifecycle.stop();
    assert_ne!(pass(&world, 1).await.state, ScrubState::Done);
}
