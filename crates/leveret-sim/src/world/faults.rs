//! Something goes wrong.

use std::time::Duration;

use leveret_journal::{FaultKind as DiskFault, Repeat};
use leveret_protocol::ReplyCode;

use super::{DiskPlan, World, lives::Death};
use crate::{
    event::Event,
    fault::FaultKind,
    moment::ClockJump,
    place::{HostIndex, LinkId},
    plan::Sabotage,
};

/// A disk fault strikes one of so many calls.
const CALLS_AHEAD: u64 = 40;

/// How far a clock is set.
const CLOCK_SECS_MAX: u64 = 100_000;

impl World {
    pub(super) fn plan_fault(&mut self) {
        if let Some(micros) = self.scene.conditions.fault_micros {
            let micros = self.faults.between(micros / 2, micros.saturating_mul(2));
            self.scene.plan(micros, Event::Fault);
        }
    }

    pub(super) fn do_harm(&mut self) {
        if self.calm_since.is_some() || self.harms >= self.scene.conditions.faults_max {
            return;
        }
        self.plan_fault();
        // Nothing goes wrong before there is a foundation.
        if self.scene.unfounded > 0 {
            return;
        }
        if self.scene.sabotage == Sabotage::LyingSyncs {
            self.disk.lie_about_syncs();
        }
        self.harms += 1;
        if self.faults.percent(30) {
            let seed = self.faults.next();
            return self.rehearse(seed);
        }
        let Some(kind) = self.faults.pick(&self.scene.conditions.faults).copied() else { return };
        self.scene.statistics.faults += 1;
        self.scene.note(format_args!("fault: {}", kind.name()));
        match kind {
            FaultKind::Kill => self.die(Death::Killed),
            FaultKind::PowerLoss => self.die(Death::Powerless),
            FaultKind::PowerCut => self.harm_disk(DiskFault::PowerCut),
            FaultKind::DiskError => self.harm_disk(DiskFault::Broken),
            FaultKind::DiskFull => {
                let kind =
                    if self.faults.percent(50) { DiskFault::Full } else { DiskFault::ShortWrite };
                self.harm_disk(kind);
            }
            FaultKind::Stop => self.stop(ReplyCode::ConnectionForced),
            FaultKind::Pause => {
                let micros = self.faults.between(1_000, 10_000_000);
                self.paused_until = self.scene.now.after(micros);
            }
            FaultKind::Clock => self.set_clock(),
            FaultKind::Policy => self.change_policies(),
            FaultKind::Reset
            | FaultKind::HalfClose
            | FaultKind::Partition
            | FaultKind::Vanish
            | FaultKind::Forbid
            | FaultKind::Stall => self.harm_link(kind),
        }
    }

    fn harm_disk(&mut self, kind: DiskFault) {
        if self.server.is_none() || self.disk_plan != DiskPlan::Nothing {
            return;
        }
        self.disk_plan = match kind {
            DiskFault::PowerCut => DiskPlan::PowerCut,
            DiskFault::Broken | DiskFault::Full | DiskFault::ShortWrite => DiskPlan::Error,
        };
        self.disk.inject(kind, self.faults.below(CALLS_AHEAD), Repeat::Forever);
    }

    /// The clock is set to another time while the server is down.
    fn set_clock(&mut self) {
        let by = Duration::from_secs(self.faults.below(CLOCK_SECS_MAX));
        let jump =
            if self.faults.percent(70) { ClockJump::Forward(by) } else { ClockJump::Back(by) };
        self.die(Death::Killed);
        self.scene.server_clock = self.scene.server_clock.set(jump);
    }

    /// Other policies hold from now on, in one virtual host; a restart forgets them.
    fn change_policies(&mut self) {
        let host = HostIndex(self.faults.index(self.scene.conditions.hosts));
        let policies = self.scene.conditions.topology.policies(&mut self.faults);
        if let Some(server) = &mut self.server {
            server.set_policies(&mut self.scene, host, policies);
        }
    }

    fn harm_link(&mut self, kind: FaultKind) {
        let at = self.faults.index(self.clients.len());
        let Some(client) = self.clients.get_mut(at) else { return };
        let Some(link): Option<LinkId> = client.link() else { return };
        let scene = &mut self.scene;
        let micros = self.faults.between(1_000, 20_000_000);
        match kind {
            FaultKind::Reset => scene.network.reset(scene.now, &mut scene.agenda, link),
            FaultKind::HalfClose => client.half_close(scene),
            FaultKind::Partition => {
                let until = scene.now.after(micros);
                scene.network.hold(&mut scene.agenda, link, until);
            }
            FaultKind::Stall => client.stall(scene, micros),
            FaultKind::Vanish => self.vanish(link),
            FaultKind::Forbid => {
                if let Some(server) = &mut self.server {
                    server.forbid(scene, link);
                }
            }
            FaultKind::Kill
            | FaultKind::PowerLoss
            | FaultKind::PowerCut
            | FaultKind::DiskError
            | FaultKind::DiskFull
            | FaultKind::Stop
            | FaultKind::Pause
            | FaultKind::Policy
            | FaultKind::Clock => {}
        }
    }
}
