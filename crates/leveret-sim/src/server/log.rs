//! The log: takes records, writes them, syncs them, and tells how far it got.
//!
//! The work of the broker's log thread, cut where the machine may die between two of its steps.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use leveret_journal::{AppendError, CommitError, Journal, Seq, SimDisk, StreamId};

use super::reclaim::{Reclaim, Stream};
use crate::{
    event::Event,
    place::{HostIndex, Life},
    plan::Sabotage,
    scene::Scene,
};

/// Commands taken before a sync even if more are waiting.
const GATHERED_MAX: usize = 64;

#[derive(Debug)]
pub(super) enum Command {
    Append { host: HostIndex, records: Vec<(Seq, Bytes)> },
    Relocated { host: HostIndex, upto: Seq, through: Seq },
}

#[derive(Debug)]
pub(super) struct Log {
    life: Life,
    journal: Journal<SimDisk>,
    streams: BTreeMap<StreamId, Stream>,
    commands: VecDeque<Command>,
    step: Step,
    reclaim: Reclaim,
}

/// What is planned to happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    Write,
    Sync,
}

impl Log {
    pub(super) fn new(
        life: Life,
        journal: Journal<SimDisk>,
        recovered: impl Iterator<Item = (HostIndex, Seq)>,
        reclaim_bytes: u64,
    ) -> Self {
        let stream = |(host, last): (HostIndex, Seq)| (host.stream(), Stream::at(last));
        Self {
            life,
            journal,
            streams: recovered.map(stream).collect(),
            commands: VecDeque::new(),
            step: Step::Nothing,
            reclaim: Reclaim::new(reclaim_bytes),
        }
    }

    pub(super) fn stream(&self, host: HostIndex) -> Stream {
        self.streams.get(&host.stream()).copied().unwrap_or(Stream::at(Seq(0)))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.step == Step::Nothing && self.commands.is_empty()
    }

    pub(super) fn push(&mut self, scene: &mut Scene, command: Command) {
        self.commands.push_back(command);
        self.go_on(scene);
    }

    fn go_on(&mut self, scene: &mut Scene) {
        if self.step == Step::Nothing && !self.commands.is_empty() {
            self.step = Step::Write;
            let micros = scene.about(scene.conditions.disk_micros / 4);
            scene.plan(micros, Event::Write { life: self.life });
        }
    }

    /// Writes what waits, and plans its sync.
    pub(super) fn write(&mut self, scene: &mut Scene) -> Result<(), AppendError> {
        self.step = Step::Sync;
        for _ in 0..GATHERED_MAX {
            match self.commands.pop_front() {
                None => break,
                Some(Command::Append { host, records }) => {
                    let stream = host.stream();
                    for (seq, record) in records {
                        self.journal.append(stream, seq, &record)?;
                        if let Some(known) = self.streams.get_mut(&stream) {
                            known.appended = seq;
                        }
                    }
                }
                Some(Command::Relocated { host, upto, through }) => {
                    self.reclaim.relocated(host.stream(), upto, through);
                }
            }
        }
        let micros = scene.about(scene.conditions.disk_micros);
        scene.plan(micros, Event::Sync { life: self.life });
        if is_early(scene) {
            self.tell(scene);
        }
        if scene.sabotage == Sabotage::EarlyDurable {
            self.note_synced(scene);
        }
        Ok(())
    }

    /// Makes durable what was written, and tells the engines.
    pub(super) fn sync(&mut self, scene: &mut Scene) -> Result<(), CommitError> {
        if self.streams.values().any(|stream| stream.appended != stream.durable) || is_early(scene)
        {
            self.journal.commit()?;
            self.tell(scene);
            self.note_synced(scene);
        }
        let dropped = self.reclaim.step(&mut self.journal, &mut self.streams)?;
        scene.statistics.segments_dropped += dropped;
        if dropped > 0 {
            scene.note(format_args!("log drops {dropped} segments"));
        }
        // The engines may have been asked to relocate.
        self.plan_turns(scene);
        self.step = Step::Nothing;
        self.go_on(scene);
        Ok(())
    }

    /// Ends the log in peace.
    pub(super) fn close(self) -> Result<(), CommitError> {
        self.journal.close()
    }

    fn tell(&mut self, scene: &mut Scene) {
        for host in (0..scene.conditions.hosts).map(HostIndex) {
            let Some(stream) = self.streams.get_mut(&host.stream()) else { continue };
            if stream.durable != stream.appended {
                stream.durable = stream.appended;
                let upto = stream.durable.0;
                scene.note(format_args!("host {} is durable up to {upto}", host.0));
            }
        }
        self.plan_turns(scene);
    }

    /// The checker hears of the sync when it is one.
    fn note_synced(&self, scene: &mut Scene) {
        for host in (0..scene.conditions.hosts).map(HostIndex) {
            scene.oracle.note_synced(host, self.stream(host).durable.0);
        }
    }

    fn plan_turns(&self, scene: &mut Scene) {
        for host in (0..scene.conditions.hosts).map(HostIndex) {
            let micros = scene.about(scene.conditions.turn_micros);
            scene.plan(micros, Event::Turn { life: self.life, host });
        }
    }
}

/// Whether engines hear of durability before the sync.
fn is_early(scene: &Scene) -> bool {
    matches!(scene.sabotage, Sabotage::EarlyDurable | Sabotage::Haste)
}
