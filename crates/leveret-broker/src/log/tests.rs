//! The log's thread with a disk that fails, and engines that are played.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use leveret_journal::{FaultKind, Journal, Options, Repeat, Seq, SimDisk, StreamId};

use super::{LogQueue, LogStream, LogThread, Mailbox, Record, Segment};
use crate::lifecycle::{Failure, Lifecycle};

const STREAM: StreamId = StreamId(1);

/// A played engine: some of its records live, the others do not.
struct Played {
    log: LogStream,
    queue: LogQueue,
    last: u64,
    relocated: u64,
    live: BTreeMap<u64, Bytes>,
}

impl Played {
    async fn append(&mut self, record: Bytes) -> u64 {
        self.last += 1;
        self.log.append(vec![Record { seq: Seq(self.last), bytes: record }]).await;
        self.last
    }

    /// Waits until a record is durable, and obeys the log meanwhile.
    async fn durable(&mut self, seq: u64) {
        while self.log.mailbox().durable() < Seq(seq) {
            self.log.mailbox().changed().await;
        }
        let upto = self.log.mailbox().relocate().0;
        if upto > self.relocated {
            self.relocated = upto;
            let later = self.live.split_off(&(upto + 1));
            for record in std::mem::replace(&mut self.live, later).into_values() {
                let seq = self.append(record.clone()).await;
                self.live.insert(seq, record);
            }
            self.log.relocated(Seq(upto), Seq(self.last));
        }
    }
}

struct Log {
    disk: SimDisk,
    lifecycle: Lifecycle,
    engine: Played,
    ended: tokio::sync::oneshot::Receiver<()>,
}

fn open(disk: SimDisk) -> Log {
    let options = Options { segment_bytes: 16 << 10, buffer_bytes: 4 << 10, ..Options::default() };
    let (journal, _) = Journal::open(disk.clone(), options, |_, _, _| Ok(())).unwrap();
    let lifecycle = Lifecycle::start();
    let mut thread = LogThread::new(journal, lifecycle.clone(), "the simulated disk".into());
    let mailbox: Arc<Mailbox> = thread.add_stream(STREAM, Seq(0));
    let (queue, ended) = thread.reclaim_from(64 << 10).start(()).unwrap();
    let log = LogStream::new(STREAM, queue.clone(), mailbox);
    let engine = Played { log, queue, last: 0, relocated: 0, live: BTreeMap::new() };
    Log { disk, lifecycle, engine, ended }
}

/// Every record on the disk after a power loss, by number.
fn found(disk: &SimDisk) -> BTreeMap<u64, Vec<u8>> {
    let disk = disk.fork();
    disk.crash(0);
    let mut found = BTreeMap::new();
    let visit = |_, seq: Seq, record: &[u8]| {
        found.insert(seq.0, record.to_vec());
        Ok(())
    };
    drop(Journal::open(disk, Options::default(), visit).unwrap());
    found
}

#[tokio::test]
async fn what_is_published_as_durable_survives_a_power_loss() {
    let Log { disk, mut engine, ended, .. } = open(SimDisk::new());
    for _ in 0..100 {
        let seq = engine.append(Bytes::from_static(b"record")).await;
        engine.durable(seq).await;
        assert!(found(&disk).contains_key(&seq));
    }
    drop(engine);
    ended.await.unwrap();
}

#[tokio::test]
async fn a_disk_that_lies_about_syncs_is_found_out() {
    let disk = SimDisk::new();
    let Log { disk, mut engine, ended, .. } = open(disk);
    disk.lie_about_syncs();
    let seq = engine.append(Bytes::from_static(b"record")).await;
    engine.durable(seq).await;
    assert!(!found(&disk).contains_key(&seq));
    drop(engine);
    ended.await.unwrap();
}

#[tokio::test]
async fn a_failed_sync_is_final() {
    let Log { disk, lifecycle, mut engine, ended } = open(SimDisk::new());
    let seq = engine.append(Bytes::from_static(b"safe")).await;
    engine.durable(seq).await;
    disk.inject(FaultKind::Broken, 0, Repeat::Once);
    engine.append(Bytes::from_static(b"lost")).await;
    let failure = lifecycle.watch().failed().await;
    assert!(matches!(failure, Failure::Disk { .. }), "{failure}");
    engine.append(Bytes::from_static(b"never")).await;
    ended.await.unwrap();
    assert_eq!(engine.log.mailbox().durable(), Seq(seq));
}

#[tokio::test]
async fn a_log_of_dead_records_stays_small_and_keeps_the_living() {
    let Log { disk, mut engine, ended, .. } = open(SimDisk::new());
    let mut bytes_max = 0;
    for round in 0..2_000_u32 {
        let record = Bytes::from(vec![round.to_be_bytes()[3]; 1_000]);
        let seq = engine.append(record.clone()).await;
        if round % 200 == 0 {
            engine.live.insert(seq, record);
        }
        engine.durable(seq).await;
        let on_disk = |name: String| disk.read(&name).map_or(0, |bytes| bytes.len());
        bytes_max = bytes_max.max(disk.names().into_iter().map(on_disk).sum());
    }
    assert!(bytes_max < 400 << 10, "two megabytes were written, {bytes_max} bytes were on disk");
    let found = found(&disk);
    for (seq, record) in &engine.live {
        assert_eq!(found.get(seq).map(Vec::as_slice), Some(record.as_ref()), "record {seq}");
    }
    drop(engine);
    ended.await.unwrap();
}

#[tokio::test]
async fn a_log_in_which_everything_lives_is_copied_about_once() {
    let Log { mut engine, ended, .. } = open(SimDisk::new());
    for round in 0..1_000_u32 {
        let record = Bytes::from(vec![round.to_be_bytes()[3]; 1_000]);
        let seq = engine.append(record.clone()).await;
        engine.live.insert(seq, record);
        engine.durable(seq).await;
    }
    assert_eq!(engine.live.len(), 1_000);
    assert!(engine.last < 3_000, "{} records were written for 1,000", engine.last);
    drop(engine);
    ended.await.unwrap();
}

#[tokio::test]
async fn what_a_copy_was_told_of_stays_as_it_is_until_the_release() {
    let Log { disk, mut engine, ended, .. } = open(SimDisk::new());
    let queue = engine.queue.clone();
    let write = async |engine: &mut Played| {
        for _ in 0..200 {
            let seq = engine.append(Bytes::from(vec![7; 1_000])).await;
            engine.durable(seq).await;
        }
    };
    write(&mut engine).await;
    let segments = queue.cut().await.unwrap();
    let content = || -> Vec<Option<Vec<u8>>> {
        let part = |segment: &Segment| {
            let bytes = usize::try_from(segment.bytes).unwrap();
            disk.read(&segment.file)?.get(..bytes).map(<[u8]>::to_vec)
        };
        segments.iter().map(part).collect()
    };
    let copied = content();
    assert!(copied.len() > 1 && copied.iter().all(Option::is_some));
    write(&mut engine).await;
    assert_eq!(content(), copied, "nothing of it has changed");
    queue.release();
    write(&mut engine).await;
    assert_ne!(content(), copied, "the log is small again");
    drop((queue, engine));
    ended.await.unwrap();
}
