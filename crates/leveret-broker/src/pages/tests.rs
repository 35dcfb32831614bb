//! Pages on a disk that loses power, and one that fails.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use leveret_engine::{Input, PageId};
use leveret_journal::{FaultKind, Repeat, SimDisk, StreamId};

use super::{PageKey, PageStream, PageThreads, shelf::Shelf};
use crate::lifecycle::{Failure, Lifecycle};

const STREAM: StreamId = StreamId(3);

fn threads(disk: &SimDisk, lifecycle: &Lifecycle) -> PageThreads<SimDisk> {
    PageThreads::new(disk.clone(), disk.clone(), lifecycle.clone())
}

fn pages(disk: &SimDisk) -> (PageStream, Lifecycle) {
    let lifecycle = Lifecycle::start();
    let (queue, _) = threads(disk, &lifecycle).start(&Arc::new(())).unwrap();
    (PageStream::new(STREAM, queue), lifecycle)
}

fn page(number: u64) -> (PageId, Bytes) {
    (PageId(number), Bytes::from(number.to_string().repeat(500_000)))
}

#[tokio::test]
async fn a_durable_page_survives_a_power_loss_once_it_is_answered_for() {
    let disk = SimDisk::new();
    let (mut stream, _) = pages(&disk);
    for number in 1..20 {
        let (id, content) = page(number);
        stream.store(id, true, content);
        assert_eq!(stream.next().await, Some(Input::PageStored { page: id }));
    }
    let after = disk.fork();
    after.crash(7);
    let (mut stream, _) = pages(&after);
    for number in 1..20 {
        let (id, content) = page(number);
        stream.load(id);
        assert_eq!(stream.next().await, Some(Input::PageLoaded { page: id, content }));
    }
}

#[tokio::test]
async fn on_a_disk_that_lies_about_syncs_the_loss_is_seen() {
    let disk = SimDisk::new();
    disk.lie_about_syncs();
    let (mut stream, _) = pages(&disk);
    let (id, content) = page(1);
    stream.store(id, true, content.clone());
    stream.next().await.unwrap();
    let mut lost = 0;
    for seed in 0..8 {
        let after = disk.fork();
        after.crash(seed);
        let (mut stream, _) = pages(&after);
        stream.load(id);
        let whole = Input::PageLoaded { page: id, content: content.clone() };
        lost += u32::from(stream.next().await != Some(whole));
    }
    assert!(lost > 0);
}

#[tokio::test]
async fn what_nobody_needs_is_removed_at_the_start_and_what_is_missing_is_counted() {
    let disk = SimDisk::new();
    let (mut stream, lifecycle) = pages(&disk);
    for number in 1..4 {
        let (id, content) = page(number);
        stream.store(id, false, content);
        stream.next().await.unwrap();
    }
    let key = |page| PageKey { stream: STREAM, page: PageId(page) };
    let needed = BTreeSet::from([key(2), key(9)]);
    let missing = threads(&disk, &lifecycle).tidy(&needed).unwrap();
    assert_eq!(missing, 1);
    assert_eq!(disk.names().len(), 1);
}

#[tokio::test]
async fn so_much_on_its_way_to_the_disk_is_enough() {
    let (mut stream, _) = pages(&SimDisk::new());
    let content = Bytes::from(vec![0; 9 << 20]);
    stream.store(PageId(1), false, content.clone());
    assert!(!stream.is_full());
    stream.store(PageId(2), false, content);
    assert!(stream.is_full());
    stream.next().await.unwrap();
    assert!(!stream.is_full());
}

#[tokio::test]
async fn a_page_that_cannot_be_stored_is_final() {
    let disk = SimDisk::new();
    disk.inject(FaultKind::Full, 0, Repeat::Forever);
    let (mut stream, lifecycle) = pages(&disk);
    let (id, content) = page(1);
    stream.store(id, true, content);
    assert!(matches!(lifecycle.watch().failed().await, Failure::Disk { .. }));
    assert_eq!(stream.try_next(), None);
}

#[test]
fn power_that_fails_while_a_page_is_replaced_leaves_either_form_of_it() {
    let key = PageKey { stream: STREAM, page: PageId(1) };
    let (old, new) = (b"a page as it was".repeat(500), b"what is left of it".to_vec());
    let (mut as_it_was, mut as_it_is) = (0, 0);
    for call in 0..7 {
        for seed in 0..20 {
            let disk = SimDisk::new();
            disk.put(&key.file(), &old);
            disk.inject(FaultKind::PowerCut, call, Repeat::Once);
            let mut shelf = Shelf::new(disk.clone());
            let replaced = shelf.replace(key, &new).and_then(|()| shelf.sync_names());
            disk.crash(seed);
            disk.heal();
            let found = shelf.read(key).unwrap();
            assert!(found == old || found == new, "call {call}, seed {seed}");
            assert!(replaced.is_err() || found == new, "call {call}, seed {seed}");
            as_it_was += u32::from(found == old);
            as_it_is += u32::from(found == new);
            threads(&disk, &Lifecycle::start()).tidy(&BTreeSet::from([key])).unwrap();
            assert_eq!(disk.names(), [key.file()]);
        }
    }
    assert!(as_it_was > 0 && as_it_is > 0);
}

#[test]
fn a_page_that_cannot_be_replaced_is_as_it_was() {
    let key = PageKey { stream: STREAM, page: PageId(1) };
    for (call, kind) in [(0, FaultKind::Full), (1, FaultKind::ShortWrite), (2, FaultKind::Broken)] {
        let disk = SimDisk::new();
        disk.put(&key.file(), b"a page as it was");
        disk.inject(kind, call, Repeat::Once);
        Shelf::new(disk.clone()).replace(key, b"what is left").unwrap_err();
        assert_eq!(disk.names(), [key.file()]);
        assert_eq!(disk.read(&key.file()).unwrap(), b"a page as it was");
    }
}
