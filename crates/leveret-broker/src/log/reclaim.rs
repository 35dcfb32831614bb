//! When old segments of the log are given up.
//!
//! A log is a ring that is copied forward: the engines write what still lives of the oldest segment
//! again, at the end, and once that is durable the segment is dropped. A *pass* does this to every
//! segment there was when it began; what is left after it is what lives. The next pass begins when
//! the log has grown to twice that (and to [`BYTES_MIN`] at least), so that a byte is copied at most
//! about once for each byte written, even if everything lives.

use std::collections::BTreeMap;

use leveret_journal::{CommitError, Disk, Journal, Seq, StreamId};

use super::stream::Stream;

/// A log smaller than this is not worth a pass.
pub(super) const BYTES_MIN: u64 = 64 << 20;

/// The state of reclaiming.
#[derive(Debug)]
pub(super) struct Reclaim {
    /// A log smaller than this is left alone.
    bytes_min: u64,
    /// The log's size after the last pass; 0 before the first.
    live_bytes: u64,
    pass: Option<Pass>,
}

/// One way through the segments there were.
#[derive(Debug)]
struct Pass {
    segments_left: usize,
    /// What the streams of the oldest segment still owe; empty: not asked yet.
    owed: BTreeMap<StreamId, Owed>,
}

#[derive(Debug)]
enum Owed {
    /// Asked to write again what lives up to here.
    Answer { upto: Seq },
    /// Written again; the segment can go when this number is durable.
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

    /// A stream is gone, and owes nothing.
    pub(super) fn forget(&mut self, stream: StreamId) {
        if let Some(pass) = &mut self.pass {
            pass.owed.remove(&stream);
        }
    }

    /// Goes on as far as can be without waiting.
    pub(super) fn step<D: Disk>(
        &mut self,
        journal: &mut Journal<D>,
        streams: &BTreeMap<StreamId, Stream>,
    ) -> Result<(), CommitError> {
        if self.pass.is_none()
            && journal.bytes() > self.bytes_min.max(self.live_bytes.saturating_mul(2))
        {
            // The segment being written stays.
            let segments_left = journal.segments().count().saturating_sub(1);
            tracing::debug!(
                bytes = journal.bytes(),
                segments = segments_left,
                "reclaiming the log"
            );
            self.pass = Some(Pass { segments_left, owed: BTreeMap::new() });
        }
        while let Some(pass) = &mut self.pass {
            if pass.segments_left == 0 {
                self.live_bytes = journal.bytes();
                tracing::debug!(bytes = self.live_bytes, "reclaimed the log");
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
            pass.owed.clear();
            pass.segments_left -= 1;
        }
        Ok(())
    }
}

/// Asks each stream with records in the oldest segment to write again what lives of them.
fn ask<D: Disk>(
    journal: &Journal<D>,
    streams: &BTreeMap<StreamId, Stream>,
) -> BTreeMap<StreamId, Owed> {
    let mut owed = BTreeMap::new();
    let Some(oldest) = journal.oldest() else { return owed };
    for (stream, upto) in oldest.streams() {
        if let Some(known) = streams.get(&stream) {
            known.mailbox.ask_to_relocate(upto);
            owed.insert(stream, Owed::Answer { upto });
        }
    }
    owed
}
