//! From the log to ready engines: each record is replayed before a port opens.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, RandomState},
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use leveret_engine::{Engine, EngineOptions, Limits as EngineLimits, Lsn, PolicySet};
use leveret_journal::{Cut, Disk, Journal, OpenError, Options, Seq, StreamId};
use leveret_protocol::ShortStr;

use crate::{
    clock::Clock,
    directory::Roster,
    lifecycle::Lifecycle,
    log::{LogThread, Mailbox},
    pages::{PageKey, PageThreads},
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
pub(crate) fn fresh_engine(name: &ShortStr, limits: EngineLimits) -> Engine {
    let seed = RandomState::new().hash_one(0_u8);
    Engine::new(EngineOptions {
        virtual_host: name.clone(),
        seed,
        limits,
        ..EngineOptions::default()
    })
}

/// A record of a stream that no virtual host has.
#[derive(Debug, thiserror::Error)]
#[error("it belongs to stream {0}, which `virtual-hosts.toml` does not list")]
struct UnknownStream(u32);

/// What is needed to bring a broker back to life.
#[derive(Debug)]
pub(crate) struct Past<D> {
    pub(crate) log: D,
    pub(crate) pages: PageThreads<D>,
    pub(crate) roster: Roster,
    /// The policies of each virtual host that has some: they say how old a message may get.
    pub(crate) policies: BTreeMap<ShortStr, PolicySet>,
    pub(crate) limits: EngineLimits,
    pub(crate) clock: Clock,
    pub(crate) lifecycle: Lifecycle,
}

/// What it comes back as.
#[derive(Debug)]
pub(crate) struct Present<D: Disk> {
    pub(crate) log: LogThread<D>,
    pub(crate) pages: PageThreads<D>,
    pub(crate) hosts: Vec<RecoveredHost>,
    pub(crate) recovered: Recovered,
}

/// Why the past cannot be read.
#[derive(Debug)]
pub(crate) enum RecoverError {
    Log(OpenError),
    Pages(io::Error),
}

/// Opens the log and replays it; blocks for as long as that takes.
pub(crate) fn recover<D: Disk + Send + 'static>(past: Past<D>) -> Result<Present<D>, RecoverError> {
    let started = Instant::now();
    let Past { log, mut pages, roster, policies, limits, clock, lifecycle } = past;
    let place = log.path("").into();
    let mut hosts: BTreeMap<StreamId, RecoveredHost> = roster
        .iter()
        .map(|(number, name)| {
            let (stream, name) = (StreamId(number), ShortStr::truncated(name));
            let engine = fresh_engine(&name, limits);
            (stream, RecoveredHost { name, stream, engine, mailbox: Arc::default(), last: Seq(0) })
        })
        .collect();
    let mut recovered = Recovered::default();
    let (journal, found) = Journal::open(log, Options::default(), |stream, seq, record| {
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
    })
    .map_err(RecoverError::Log)?;
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
        host.engine.replay_policies(policies.get(&host.name).cloned().unwrap_or_default());
        host.engine.finish_replay(clock.now());
        host.mailbox = thread.add_stream(host.stream, host.last);
    }
    tidy_pages(&mut pages, &hosts).map_err(RecoverError::Pages)?;
    recovered.took = started.elapsed();
    Ok(Present { log: thread, pages, hosts: hosts.into_values().collect(), recovered })
}

/// What was stored and is spoken of by no record was on its way when the broker ended.
fn tidy_pages<D: Disk + Send + 'static>(
    pages: &mut PageThreads<D>,
    hosts: &BTreeMap<StreamId, RecoveredHost>,
) -> io::Result<()> {
    let keys = |host: &RecoveredHost| {
        let stream = host.stream;
        host.engine.pages().map(move |page| PageKey { stream, page }).collect::<Vec<_>>()
    };
    let needed: BTreeSet<PageKey> = hosts.values().flat_map(keys).collect();
    let missing = pages.tidy(&needed)?;
    if missing > 0 {
        tracing::error!(missing, "pages are missing; their messages cannot be delivered");
    }
    Ok(())
}
