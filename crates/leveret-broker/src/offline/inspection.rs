//! Reading all of a data directory, as a start would, without changing it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use leveret_engine::{Engine, Listing, Lsn, Page, QueueView};
use leveret_journal::{RealDisk, StreamId};
use leveret_protocol::{ShortStr, Timestamp};

use super::{OfflineError, enter};
use crate::{directory::Roster, pages::PageKey, recovery::fresh_engine};

/// Queues looked at in one go.
const PAGE: usize = 1000;

/// What a data directory holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Segments of the log that are needed.
    pub segments: usize,
    /// Bytes of them.
    pub log_bytes: u64,
    /// Records in them.
    pub records: u64,
    /// What was written at the end of the log and never became durable: file, offset and bytes.
    pub cut: Option<(String, u64, u64)>,
    /// Pages on disk that are needed, and bytes of them.
    pub pages: usize,
    /// Bytes of those.
    pub page_bytes: u64,
    /// Pages that are missing or damaged: the file, where in it, and what is wrong. A broker starts
    /// all the same, and gives out what of them it can read.
    pub damaged_pages: Vec<(PathBuf, usize, &'static str)>,
    /// Each virtual host, in the order they were made.
    pub hosts: Vec<HostFigures>,
}

/// What a virtual host has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostFigures {
    /// Its name.
    pub name: String,
    /// Exchanges beside those that each virtual host has.
    pub exchanges: usize,
    /// Bindings.
    pub bindings: usize,
    /// Durable queues, in the order they were declared.
    pub queues: Vec<QueueFigures>,
}

/// What a queue holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueFigures {
    /// Its name.
    pub name: String,
    /// `classic` or `quorum`.
    pub queue_type: &'static str,
    /// Persistent messages in it.
    pub messages: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

/// Reads every record and replays it; changes nothing.
///
/// Succeeds if and only if a broker could start with it. Memory grows with what is in it, not
/// with the log.
pub fn inspect(data_dir: &Path) -> Result<Inspection, OfflineError> {
    let directory = enter(data_dir)?;
    let roster = directory.roster()?;
    let mut engines = engines(&roster);
    let disk = RealDisk::new(directory.journal_path());
    let found =
        leveret_journal::inspect(disk, |stream, seq, record| match engines.get_mut(&stream) {
            Some((_, engine)) => engine.replay(Lsn(seq.0), record).map_err(Into::into),
            None if roster.is_retired(stream.0) => Ok(()),
            None => Err(format!("it belongs to stream {}, which nobody has", stream.0).into()),
        })?;
    let mut inspection = Inspection {
        segments: found.segments,
        log_bytes: found.bytes,
        records: found.records,
        cut: found.cut.map(|cut| (cut.file, cut.offset, cut.bytes)),
        ..Inspection::default()
    };
    for (stream, (name, mut engine)) in engines {
        engine.finish_replay(Timestamp::from_millis(0));
        inspection.read_pages(&directory.pages_path(), stream, &engine);
        inspection.hosts.push(figures(name, &engine));
    }
    Ok(inspection)
}

impl Inspection {
    /// Reads every page that an engine needs.
    fn read_pages(&mut self, folder: &Path, stream: StreamId, engine: &Engine) {
        for page in engine.pages() {
            let path = folder.join(PageKey { stream, page }.file());
            // What cannot be read has no content, which the engine knows to call damaged.
            let content = fs::read(&path).unwrap_or_default();
            self.pages += 1;
            self.page_bytes += content.len() as u64;
            if let Some((offset, problem)) = engine.page_damage(page, content.into()) {
                self.damaged_pages.push((path, offset, problem));
            }
        }
    }
}

/// An engine with nothing in it for each virtual host.
pub(super) fn engines(roster: &Roster) -> BTreeMap<StreamId, (String, Engine)> {
    let engine = |(stream, name): (u32, &str)| {
        let limits = leveret_engine::Limits::default();
        let engine = fresh_engine(&ShortStr::truncated(name), limits);
        (StreamId(stream), (name.to_owned(), engine))
    };
    roster.iter().map(engine).collect()
}

pub(super) fn figures(name: String, engine: &Engine) -> HostFigures {
    let mut figures = HostFigures { name, ..HostFigures::default() };
    for listing in [Listing::Queues, Listing::Exchanges, Listing::Bindings] {
        let mut after = Some(0);
        while let Some(cursor) = after {
            let (page, next) = engine.page(listing, cursor, PAGE);
            count(page, &mut figures);
            after = next;
        }
    }
    figures
}

fn count(page: Page, figures: &mut HostFigures) {
    match page {
        Page::Queues(queues) => {
            let queue = |queue: QueueView| QueueFigures {
                name: queue.name.to_string(),
                queue_type: queue.queue_type,
                messages: queue.ready,
                bytes: queue.ready_bytes,
            };
            figures.queues.extend(queues.into_iter().map(queue));
        }
        Page::Exchanges(exchanges) => {
            let own = exchanges.iter().filter(|exchange| !exchange.name.starts_with(b"amq."));
            figures.exchanges += own.count();
        }
        Page::Bindings(bindings) => figures.bindings += bindings.len(),
        Page::Consumers(_) | Page::Channels(_) | Page::Totals(_) => {}
    }
}
