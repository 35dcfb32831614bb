//! From the log to ready engines: each record is replayed before a port opens.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use leveret_engine::{Engine, EngineOptions, Lsn};
use leveret_journal::{Cut, Disk, Journal, OpenError, Options, Seq, StreamId};
use leveret_protocol::ShortStr;

use crate::{
    clock::Clock,
    directory::Roster,
    lifecycle::Lifecycle,
    log::{LogThread, Mailbox},
};

/// Records between two lines of progress in the log.
const PROGRESS_RECORDS: u64 = 1_000_000;

/// What a start found in the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Records replayed.
    pub records: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// A virtual host brought back to life.
#[derive(Debug)]
pub(crate) struct RecoveredHost {
    pub(crate) name: ShortStr,
    pub(crate) stream: StreamId,
    pub(crate) engine: Engine,
    pub(crate) mailbox: Arc<Mailbox>,
    last: Seq,
}

/// An engine with nothing in it.
pub(crate) fn fresh_engine(name: &ShortStr) -> Engine {
    let seed = RandomState::new().hash_one(0_u8);
    Engine::new(EngineOptions { virtual_host: name.clone(), seed, ..EngineOptions::default() })
}

/// A record of a stream that no virtual host has.
#[derive(Debug, thiserror::Error)]
#[error("it belongs to stream {0}, which `virtual-hosts.toml` does not list")]
struct UnknownStream(u32);

/// Opens the log and replays it; blocks for as long as that takes.
pub(crate) fn recover<D: Disk + Send + 'static>(
    disk: D,
    roster: &Roster,
    clock: Clock,
    lifecycle: Lifecycle,
) -> Result<(LogThread<D>, Vec<RecoveredHost>, Recovered), OpenError> {
    let started = Instant::now();
    let place = disk.path("").into();
    let mut hosts: BTreeMap<StreamId, RecoveredHost> = roster
        .iter()
        .map(|(number, name)| {
            let (stream, name) = (StreamId(number), ShortStr::truncated(name));
            let engine = fresh_engine(&name);
            (stream, RecoveredHost { name, stream, engine, mailbox: Arc::default(), last: Seq(0) })
        })
        .collect();
    let mut recovered = Recovered::default();
    let (journal, found) = Journal::open(disk, Options::default(), |stream, seq, record| {
        let Some(host) = hosts.get_mut(&stream) else {
            return if roster.is_retired(stream.0) {
                Ok(())
            } else {
                Err(UnknownStream(stream.0).into())
            };
        };
        host.engine.replay(Lsn(seq.0), record)?;
        host.last = seq;
        recovered.records += 1;
        recovered.bytes += record.len() as u64;
        if recovered.records.is_multiple_of(PROGRESS_RECORDS) {
            tracing::info!(records = recovered.records, bytes = recovered.bytes, "recovering");
        }
        Ok(())
    })?;
    if let Some(cut) = found.cut {
        let Cut { file, offset, bytes, .. } = cut;
        tracing::warn!(
            file,
            offset,
            bytes,
            "cut an unfinished end off the log; nothing in it was confirmed"
        );
    }
    let mut thread = LogThread::new(journal, lifecycle, place);
    for host in hosts.values_mut() {
        host.engine.finish_replay(clock.now());
        host.mailbox = thread.add_stream(host.stream, host.last);
    }
    recovered.took = started.elapsed();
    Ok((thread, hosts.into_values().collect(), recovered))
}
