//! From a disk to engines that have replayed its log.

use std::time::Duration;

use leveret_engine::{Engine, EngineOptions, Limits, Lsn};
use leveret_journal::{Disk, Journal, OpenError, Options};
use leveret_protocol::{ShortStr, Timestamp};

use crate::{place::HostIndex, plan::Conditions};

/// A journal, and an engine for each virtual host with the last of its records.
#[derive(Debug)]
pub(crate) struct Recovered<D> {
    pub(crate) journal: Journal<D>,
    pub(crate) engines: Vec<(Engine, Lsn)>,
}

/// A record of a stream that no virtual host has.
#[derive(Debug)]
struct UnknownStream;

impl std::fmt::Display for UnknownStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a record of an unknown stream")
    }
}

impl std::error::Error for UnknownStream {}

/// Short, so that worlds see pages made smaller.
const PAGE_THIN_AFTER: Duration = Duration::from_millis(20);

pub(crate) fn recover<D: Disk>(
    disk: D,
    conditions: &Conditions,
    now: Timestamp,
) -> Result<Recovered<D>, OpenError> {
    let options = Options {
        segment_bytes: conditions.segment_bytes,
        buffer_bytes: 4 << 10,
        preallocate_bytes: 4 << 10,
        spares_max: 2,
        seed: Some(1),
        ..Options::default()
    };
    let (page_messages_max, page_bytes_max) = conditions.page.unwrap_or((usize::MAX, usize::MAX));
    let limits = Limits {
        page_messages_max,
        page_bytes_max,
        page_thin_after: PAGE_THIN_AFTER,
        page_waste_bytes_min: 1,
        turn_steps_max: conditions.turn_steps,
        record_bytes_max: conditions.record_bytes,
        ..Limits::default()
    };
    let engine = |host: usize| {
        let virtual_host = ShortStr::truncated(&host_name(HostIndex(host)));
        let seed = host as u64;
        Engine::new(EngineOptions { virtual_host, seed, limits, ..EngineOptions::default() })
    };
    let mut engines: Vec<(Engine, Lsn)> =
        (0..conditions.hosts).map(|host| (engine(host), Lsn(0))).collect();
    let (journal, _) = Journal::open(disk, options, |stream, seq, record| {
        let host = engines
            .iter_mut()
            .enumerate()
            .find(|(at, _)| HostIndex(*at).stream() == stream)
            .map(|(_, engine)| engine);
        let (engine, last) = host.ok_or(UnknownStream)?;
        engine.replay(Lsn(seq.0), record)?;
        *last = Lsn(seq.0);
        Ok(())
    })?;
    for (engine, _) in &mut engines {
        engine.finish_replay(now);
    }
    Ok(Recovered { journal, engines })
}

/// The name under which clients open it.
pub(crate) fn host_name(host: HostIndex) -> String {
    format!("h{}", host.0)
}
