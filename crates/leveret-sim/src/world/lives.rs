//! The server's process begins, ends, and begins again.

use leveret_protocol::ReplyCode;

use super::{DiskPlan, World};
use crate::{
    audit::survey_disk,
    event::Event,
    oracle::Occasion,
    place::{HostIndex, Life, LinkId},
    server::{LogFailure, Server},
};

/// How long the operator takes to start it again.
const DOWN_MICROS_MAX: u64 = 3_000_000;

/// How a process ends that was not asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// What it wrote stays.
    Killed,
    /// Of what it wrote, what was synced stays.
    Powerless,
}

impl World {
    /// A new life: the log is replayed, and what it brings back is looked at.
    pub(super) fn start(&mut self) {
        self.life = Life(self.life.0 + 1);
        self.disk.heal();
        self.disk_plan = DiskPlan::Nothing;
        self.survey(Occasion::Restart, None);
        self.scene.note(format_args!("life {} begins", self.life.0));
        match Server::start(&mut self.scene, self.life, self.disk.clone()) {
            Ok(server) => self.server = Some(server),
            Err(error) => self.scene.oracle.object(format!("the log cannot be opened: {error}")),
        }
    }

    /// What would be there if the power went now?
    pub(super) fn rehearse(&mut self, seed: u64) {
        self.survey(Occasion::Rehearsal, Some(seed));
    }

    fn survey(&mut self, occasion: Occasion, crash: Option<u64>) {
        let disk = self.disk.fork();
        if let Some(seed) = crash {
            disk.crash(seed);
        }
        self.scene.statistics.audits += 1;
        match survey_disk(disk, &self.scene.conditions, occasion) {
            Ok(surveys) => {
                for (at, survey) in surveys.iter().enumerate() {
                    let found: usize = survey.queues.values().map(Vec::len).sum();
                    let last = survey.last;
                    self.scene.note(format_args!("{occasion:?}: {last} records, {found} messages"));
                    if self.scene.unfounded == 0 {
                        self.scene.oracle.take_survey(HostIndex(at), survey);
                    }
                }
            }
            Err(error) => {
                let text = format!("{}, the log cannot be opened: {error}", occasion.name());
                self.scene.oracle.object(text);
            }
        }
    }

    /// The process is gone from one moment to the next.
    pub(super) fn die(&mut self, death: Death) {
        let Some(server) = self.server.take() else { return };
        self.scene.statistics.crashes += 1;
        self.scene.note(format_args!("life {} ends: {death:?}", self.life.0));
        let links: Vec<LinkId> = server.links().collect();
        drop(server);
        if death == Death::Powerless {
            self.disk.crash(self.faults.next());
        }
        for link in links {
            // Without power nobody says goodbye; the clients find out by themselves, or much later.
            if death == Death::Powerless && self.faults.percent(70) {
                self.vanish(link);
            } else {
                self.scene.network.reset(self.scene.now, &mut self.scene.agenda, link);
            }
        }
        self.plan_start();
    }

    pub(super) fn vanish(&mut self, link: LinkId) {
        self.scene.network.vanish(link);
        let micros = self.faults.between(10_000_000, 120_000_000);
        self.scene.plan(micros, Event::Expire { link });
    }

    fn plan_start(&mut self) {
        let micros = self.faults.between(1_000, DOWN_MICROS_MAX);
        self.paused_until = self.scene.now;
        self.scene.plan(micros, Event::Start);
    }

    /// The log can go on no longer: the server tells its clients, and ends.
    pub(super) fn log_failed(&mut self, failure: &LogFailure) {
        self.scene.note(format_args!("the log failed: {failure}"));
        match self.disk_plan {
            DiskPlan::PowerCut => self.die(Death::Powerless),
            DiskPlan::Error => self.stop(ReplyCode::InternalError),
            DiskPlan::Nothing => {
                self.scene.oracle.object(format!("the log failed for no reason: {failure}"));
            }
        }
    }

    /// Asks the server to end; it is given some time.
    pub(super) fn stop(&mut self, code: ReplyCode) {
        let life = self.life;
        let Some(server) = &mut self.server else { return };
        if server.is_ending() {
            return;
        }
        server.say_farewell(&mut self.scene, code);
        let micros = self.faults.between(1_000, 1_000_000);
        self.scene.plan(micros, Event::Exit { life });
    }

    /// It has had its time.
    pub(super) fn exit(&mut self) {
        let Some(server) = self.server.take() else { return };
        self.scene.statistics.crashes += 1;
        self.scene.note(format_args!("life {} exits", self.life.0));
        for link in server.links() {
            self.scene.network.reset(self.scene.now, &mut self.scene.agenda, link);
        }
        if self.disk_plan == DiskPlan::Nothing
            && let Err(failure) = server.close()
        {
            self.scene.oracle.object(format!("the log cannot be closed: {failure}"));
        }
        self.plan_start();
    }
}
