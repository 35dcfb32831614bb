//! When old segments of the log are given up.
//!
//! As in the broker's log thread: a pass asks the engines to write again what lives in each
//! segment there was when it began, and drops the segment once that is durable.

use std::collections::BTreeMap;

use leveret_journal::{CommitError, Disk, Journal, Seq, StreamId};

/// How far one stream got.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
    pub(super) appended: Seq,
    pub(super) durable: Seq,
    /// What lives up to here should be written again.
    pub(super) relocate: Seq,
}

impl Stream {
    /// A stream whose records up to there are on the disk.
    pub(super) const fn at(last: Seq) -> Self {
        Self { appended: last, durable: last, relocate: Seq(0) }
    }
}

#[derive(Debug)]
pub(super) struct Reclaim {
    bytes_min: u64,
    live_bytes: u64,
    pass: Option<Pass>,
}

#[derive(Debug)]
struct Pass {
    segments_left: usize,
    /// What the streams of the oldest segment still owe; empty: not asked yet.
    owed: BTreeMap<StreamId, Owed>,
}

#[derive(Debug)]
enum Owed {
    Answer { upto: Seq },
    Durable { through: Seq },
}

impl Reclaim {
    pub(super) fn new(bytes_min: u64) -> Self {
        Self { bytes_min, live_bytes: 0, pass: None }
    }

    /// Notes an engine's answer.
    pub(super) fn relocated(&mut self, stream: StreamId, upto: Seq, through: Seq) {
        let Some(owed) = self.pass.as_mut().and_then(|pass| pass.owed.get_mut(&stream)) else {
            return;
        };
        if matches!(owed, Owed::Answer { upto: asked } if *asked <= upto) {
            *owed = Owed::Durable { through };
        }
    }

    /// Goes on as far as can be without waiting; tells how many segments were dropped.
    pub(super) fn step<D: Disk>(
        &mut self,
        journal: &mut Journal<D>,
        streams: &mut BTreeMap<StreamId, Stream>,
    ) -> Result<u64, CommitError> {
        let mut dropped = 0;
        if self.pass.is_none()
            && journal.bytes() > self.bytes_min.max(self.live_bytes.saturating_mul(2))
        {
            let segments_left = journal.segments().count().saturating_sub(1);
            self.pass = Some(Pass { segments_left, owed: BTreeMap::new() });
        }
        while let Some(pass) = &mut self.pass {
            if pass.segments_left == 0 {
                self.live_bytes = journal.bytes();
                self.pass = None;
                break;
            }
            if pass.owed.is_empty() {
                pass.owed = ask(journal, streams);
            }
            let settled = |(stream, owed): (&StreamId, &Owed)| match owed {
                Owed::Answer { .. } => false,
                Owed::Durable { through } => {
                    streams.get(stream).is_none_or(|stream| stream.durable >= *through)
                }
            };
            if !pass.owed.iter().all(settled) {
                break;
            }
            journal.drop_oldest()?;
            dropped += 1;
            pass.owed.clear();
            pass.segments_left -= 1;
        }
        Ok(dropped)
    }
}

/// Asks each stream with records in the oldest segment to write again what lives of them.
fn ask<D: Disk>(
    journal: &Journal<D>,
    streams: &mut BTreeMap<StreamId, Stream>,
) -> BTreeMap<StreamId, Owed> {
    let mut owed = BTreeMap::new();
    let Some(oldest) = journal.oldest() else { return owed };
    for (stream, upto) in oldest.streams() {
        if let Some(known) = streams.get_mut(&stream) {
            known.relocate = known.relocate.max(upto);
            owed.insert(stream, Owed::Answer { upto });
        }
    }
    owed
}
