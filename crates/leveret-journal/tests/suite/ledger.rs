//! What was promised, and whether an open kept it.

use std::fmt;

use leveret_journal::{Seq, StreamId};

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) stream: StreamId,
    pub(crate) seq: Seq,
    pub(crate) bytes: Vec<u8>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, seq, bytes } = self;
        write!(f, "{}:{} of {} bytes", stream.0, seq.0, bytes.len())
    }
}

impl Record {
    /// A record that no other resembles.
    pub(crate) fn numbered(seq: u64, bytes: usize) -> Self {
        let step = seq.wrapping_mul(0x9e37_79b9).wrapping_add(1) | 1;
        let byte = |at: u64| (at.wrapping_mul(step) >> 3 ^ seq).to_le_bytes()[0];
        Self {
            stream: StreamId((seq % 3) as u32),
            seq: Seq(seq),
            bytes: (0..bytes as u64).map(byte).collect(),
        }
    }
}

/// Records in the order of their append, and what is known of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    appended: Vec<Record>,
    /// How many of them a commit has covered.
    committed: usize,
    /// How many of them were dropped for certain, and at most.
    dropped: (usize, usize),
}

impl Ledger {
    pub(crate) fn append(&mut self, record: Record) {
        self.appended.push(record);
    }

    pub(crate) fn commit(&mut self) {
        self.committed = self.appended.len();
    }

    /// The records up to this one may be gone from now on.
    pub(crate) fn try_drop(&mut self, last: Option<Seq>) {
        let count = self.appended.iter().take_while(|record| Some(record.seq) <= last).count();
        self.dropped.1 = self.dropped.1.max(count);
    }

    /// What may be gone is gone.
    pub(crate) fn drop(&mut self) {
        self.dropped.0 = self.dropped.1;
    }

    /// Holds what an open visited against what was promised, and takes it as the new truth.
    pub(crate) fn check(&mut self, visited: &[Record]) -> Result<(), String> {
        let start = match visited.first() {
            Some(first) => self.appended.iter().position(|r| r.seq == first.seq),
            None => Some(self.dropped.1.max(self.committed)),
        };
        let start = start.ok_or("the first record was never appended, or is long gone")?;
        if visited.is_empty() && self.committed > self.dropped.1 {
            return Err(format!("{} committed records are gone", self.committed));
        }
        let (least, most) = self.dropped;
        if !visited.is_empty() && !(least..=most).contains(&start) {
            return Err(format!("begins with record {start}, dropped were {least} to {most}"));
        }
        let end = start + visited.len();
        if self.appended.get(start..end) != Some(visited) {
            return Err(format!("records {start}..{end} are not those that were appended"));
        }
        if end < self.committed {
            return Err(format!("ends at record {end}, committed were {}", self.committed));
        }
        self.appended.truncate(end);
        self.committed = end;
        self.dropped = (start, start);
        Ok(())
    }
}

#[test]
fn the_checker_sees_each_kind_of_lie() {
    let records: Vec<_> = (0..4).map(|seq| Record::numbered(seq, 10)).collect();
    let mut ledger = Ledger::default();
    for record in &records[..3] {
        ledger.append(record.clone());
    }
    let mut unsure = ledger.clone();
    ledger.commit();
    assert!(ledger.clone().check(&records[..3]).is_ok());
    assert!(ledger.clone().check(&records[..2]).is_err(), "lost the last");
    assert!(ledger.clone().check(&records[1..3]).is_err(), "lost the first");
    assert!(ledger.clone().check(&records).is_err(), "made one up");
    assert!(ledger.clone().check(&[]).is_err(), "lost all");
    let swapped = [records[1].clone(), records[0].clone(), records[2].clone()];
    assert!(ledger.check(&swapped).is_err(), "out of order");
    assert!(unsure.check(&records[..1]).is_ok());
    assert!(unsure.check(&records[..2]).is_err(), "brought back what was cut");
}
