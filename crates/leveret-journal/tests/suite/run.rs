//! A journal on a simulated disk, driven step by step beside its ledger.

use leveret_journal::{Journal, OpenError, Options, Recovered, SimDisk};

use crate::ledger::{Ledger, Record};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Append a record of so many bytes.
    Append(usize),
    Commit,
    DropOldest,
    /// The process dies, the system lives; open again.
    Restart,
    /// A clean end; open again.
    Close,
    /// The power fails; open again.
    Crash(u64),
}

/// Small enough that a few records fill a segment.
pub(crate) fn options() -> Options {
    Options {
        segment_bytes: 8 << 10,
        buffer_bytes: 4 << 10,
        preallocate_bytes: 4 << 10,
        spares_max: 1,
        seed: Some(1),
        ..Options::default()
    }
}

/// Opens, and gives what was visited.
pub(crate) fn open(
    disk: &SimDisk,
) -> Result<(Journal<SimDisk>, Recovered, Vec<Record>), OpenError> {
    let mut visited = Vec::new();
    let (journal, recovered) = Journal::open(disk.clone(), options(), |stream, seq, bytes| {
        visited.push(Record { stream, seq, bytes: bytes.to_vec() });
        Ok(())
    })?;
    Ok((journal, recovered, visited))
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) disk: SimDisk,
    pub(crate) journal: Option<Journal<SimDisk>>,
    pub(crate) ledger: Ledger,
    appended: u64,
}

/// Why a run stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The disk failed, as planned.
    Disk,
    /// A promise was broken.
    Lie(String),
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { disk: SimDisk::new(), journal: None, ledger: Ledger::default(), appended: 0 }
    }

    /// The same disk and the same ledger, apart.
    pub(crate) fn fork(&self) -> Self {
        let (disk, ledger) = (self.disk.fork(), self.ledger.clone());
        Self { disk, journal: None, ledger, appended: self.appended }
    }

    pub(crate) fn steps(&mut self, steps: &[Step]) -> Result<(), Stop> {
        if self.journal.is_none() {
            self.open()?;
        }
        steps.iter().try_for_each(|step| self.step(step))
    }

    /// Starts again after a stop: by [`Step::Restart`] or [`Step::Crash`].
    pub(crate) fn again(&mut self, step: &Step) -> Result<(), Stop> {
        if let Step::Crash(seed) = step {
            self.disk.crash(*seed);
        }
        self.open()
    }

    /// Opens and checks; what was visited counts as committed from now on.
    pub(crate) fn open(&mut self) -> Result<(), Stop> {
        self.journal = None;
        match open(&self.disk) {
            Ok((journal, _, visited)) => {
                self.journal = Some(journal);
                self.ledger.check(&visited).map_err(Stop::Lie)
            }
            Err(
                error @ (OpenError::Damage { .. }
                | OpenError::Refused { .. }
                | OpenError::NewerVersion { .. }),
            ) => Err(Stop::Lie(error.to_string())),
            Err(_) => Err(Stop::Disk),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        let journal = self.journal.as_mut().expect("steps open first");
        match step {
            Step::Append(bytes) => {
                let record = Record::numbered(self.appended, *bytes);
                self.appended += 1;
                self.ledger.append(record.clone());
                let appended = journal.append(record.stream, record.seq, &record.bytes);
                appended.map_err(|_| Stop::Disk)
            }
            Step::Commit => {
                journal.commit().map_err(|_| Stop::Disk)?;
                self.ledger.commit();
                Ok(())
            }
            Step::DropOldest => {
                let last = journal.oldest().and_then(|o| o.streams().map(|(_, seq)| seq).max());
                self.ledger.try_drop(last);
                let dropped = journal.drop_oldest().map_err(|_| Stop::Disk)?;
                if dropped.is_some() {
                    self.ledger.commit();
                }
                self.ledger.drop();
                Ok(())
            }
            Step::Close => {
                let closed = self.journal.take().map(Journal::close);
                closed.transpose().map_err(|_| Stop::Disk)?;
                self.ledger.commit();
                self.open()
            }
            Step::Restart | Step::Crash(_) => self.again(step),
        }
    }

    /// After a failure every call gives the same failure, and the disk is left alone.
    pub(crate) fn assert_dead(&mut self) {
        let Some(journal) = &mut self.journal else { return };
        let commit = journal.commit().expect_err("dead");
        let calls = self.disk.calls();
        let record = Record::numbered(0, 1);
        let append = journal.append(record.stream, record.seq, &record.bytes).expect_err("dead");
        assert_eq!(append.to_string(), commit.to_string());
        let drop = journal.drop_oldest().expect_err("dead");
        assert_eq!(drop.to_string(), commit.to_string());
        assert_eq!(self.disk.calls(), calls);
    }
}
