//! The server's process: sessions, engines and a log, tied together.
//!
//! A value, so that a crash is to drop it. Only what is on the disk outlives it.

mod endings;
mod host;
mod log;
mod pager;
mod peer;
mod reclaim;
mod rights;
mod spoiler;

use std::{collections::BTreeMap, fmt};

use leveret_engine::{Engine, Input, Lsn, PolicySet};
use leveret_journal::{OpenError, Seq, SimDisk};
use leveret_protocol::{AmqpError, ReplyCode};

use self::{host::Host, log::Log, pager::Pager, peer::Peer};
use crate::{
    event::Event,
    network::Read,
    pages::{self, PagePlace},
    place::{End, HostIndex, Life, LinkId},
    recovery::{Recovered, recover},
    scene::Scene,
};

#[derive(Debug)]
pub(crate) struct Server {
    life: Life,
    hosts: Vec<Host>,
    log: Log,
    pager: Pager,
    peers: BTreeMap<LinkId, Peer>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// The log has failed, or the server was asked to stop: it only says farewell.
    Ending,
}

impl Server {
    /// Opens the log and replays it.
    pub(crate) fn start(scene: &mut Scene, life: Life, disk: SimDisk) -> Result<Self, OpenError> {
        let now = scene.server_time();
        let Recovered { journal, engines } = recover(disk.clone(), &scene.conditions, now)?;
        sweep(scene, &engines, &mut disk.clone());
        let last = engines.iter().enumerate().map(|(at, (_, last))| (HostIndex(at), Seq(last.0)));
        let log = Log::new(life, journal, last, scene.conditions.reclaim_bytes);
        let ingress_bytes = scene.conditions.ingress_bytes;
        let hosts = engines.into_iter().enumerate();
        let hosts = hosts
            .map(|(at, engine)| Host::new(life, HostIndex(at), engine, ingress_bytes))
            .collect();
        let mut server = Self {
            life,
            hosts,
            log,
            pager: Pager::new(life, disk),
            peers: BTreeMap::new(),
            state: State::Running,
        };
        // What has expired meanwhile goes at once.
        for host in (0..server.hosts.len()).map(HostIndex) {
            server.turn(scene, host);
        }
        Ok(server)
    }

    pub(crate) fn life(&self) -> Life {
        self.life
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.peers.is_empty()
            && self.log.is_idle()
            && self.pager.is_idle()
            && self.hosts.iter().all(Host::is_idle)
    }

    /// The engines, to be asked what they hold.
    pub(crate) fn engines(&mut self) -> impl Iterator<Item = &mut Engine> {
        self.hosts.iter_mut().map(Host::engine)
    }

    pub(crate) fn links(&self) -> impl Iterator<Item = LinkId> {
        self.peers.keys().copied()
    }

    pub(crate) fn accept(&mut self, scene: &mut Scene, link: LinkId) {
        match self.state {
            State::Running => {
                self.peers.insert(link, Peer::new(scene, link));
                self.pump(scene, link);
            }
            State::Ending => scene.network.reset(scene.now, &mut scene.agenda, link),
        }
    }

    pub(crate) fn arrive(&mut self, scene: &mut Scene, link: LinkId) {
        let Some(peer) = self.peers.get_mut(&link) else { return };
        if !peer.is_listening() {
            // Who writes learns of a reset as well.
            return self.pump(scene, link);
        }
        let at = (link, End::Server);
        match scene.network.read(scene.now, &mut scene.agenda, at, &mut peer.buffer) {
            Read::Bytes(0) => return,
            Read::Bytes(_) => peer.receive(scene),
            Read::End => peer.hang_up(),
            Read::Reset => {
                peer.hang_up();
                peer.session.take_output();
            }
        }
        self.pump(scene, link);
    }

    /// Takes a connection's permissions away.
    pub(crate) fn forbid(&mut self, scene: &mut Scene, link: LinkId) {
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.forbid();
        }
        self.pump(scene, link);
    }

    /// Other policies hold from now on.
    pub(crate) fn set_policies(&mut self, scene: &mut Scene, host: HostIndex, policies: PolicySet) {
        if let Some(host) = self.hosts.get_mut(host.0) {
            host.hear(scene, Input::SetPolicies { policies });
        }
    }

    pub(crate) fn writable(&mut self, scene: &mut Scene, link: LinkId) {
        self.pump(scene, link);
        self.arrive(scene, link);
    }

    pub(crate) fn timer(&mut self, scene: &mut Scene, link: LinkId) {
        let Some(peer) = self.peers.get_mut(&link) else { return };
        peer.timer_at = None;
        peer.handle_timeout(scene);
        self.pump(scene, link);
    }

    pub(crate) fn effects(&mut self, scene: &mut Scene, link: LinkId) {
        let Some(peer) = self.peers.get_mut(&link) else { return };
        peer.apply_outbound(scene);
        self.pump(scene, link);
    }

    pub(crate) fn turn(&mut self, scene: &mut Scene, host: HostIndex) {
        let Some(known) = self.hosts.get_mut(host.0) else { return };
        let answers = known.turn(scene, &mut self.log);
        for effect in known.take_page_effects() {
            self.pager.push(scene, host, effect);
        }
        let waiting = std::mem::take(&mut known.waiting);
        for (link, effects) in answers {
            if let Some(peer) = self.peers.get_mut(&link) {
                peer.outbound.push_back(effects);
                let micros = scene.about(scene.conditions.turn_micros);
                scene.plan(micros, Event::Effects { life: self.life, link });
            }
        }
        for link in waiting {
            if let Some(peer) = self.peers.get_mut(&link) {
                peer.is_waiting = false;
            }
            self.pump(scene, link);
            // What came meanwhile was not read.
            self.arrive(scene, link);
        }
    }

    pub(crate) fn write_log(&mut self, scene: &mut Scene) -> Result<(), LogFailure> {
        self.log.write(scene).map_err(|error| LogFailure(describe(&error)))
    }

    pub(crate) fn sync_log(&mut self, scene: &mut Scene) -> Result<(), LogFailure> {
        self.log.sync(scene).map_err(|error| LogFailure(describe(&error)))
    }

    /// The pager does its next job.
    pub(crate) fn work_on_pages(&mut self, scene: &mut Scene) -> Result<(), LogFailure> {
        let done = self.pager.work(scene).map_err(|error| LogFailure(describe(&error)))?;
        if let Some((host, input)) = done
            && let Some(host) = self.hosts.get_mut(host.0)
        {
            host.hear(scene, input);
        }
        Ok(())
    }

    /// Tells every client that it ends, and takes no more of them.
    pub(crate) fn say_farewell(&mut self, scene: &mut Scene, code: ReplyCode) {
        self.state = State::Ending;
        let links: Vec<LinkId> = self.links().collect();
        for link in links {
            if let Some(peer) = self.peers.get_mut(&link) {
                peer.end(scene, &AmqpError::new(code, "the server ends"));
            }
            self.pump(scene, link);
        }
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.state == State::Ending
    }

    /// The end in peace of a server whose log has not failed.
    pub(crate) fn close(self) -> Result<(), LogFailure> {
        self.log.close().map_err(|error| LogFailure(describe(&error)))
    }

    /// After anything has happened to a connection: hands on what it brought.
    fn pump(&mut self, scene: &mut Scene, link: LinkId) {
        let Some(peer) = self.peers.get_mut(&link) else { return };
        loop {
            let had_output = !peer.session.output().is_empty();
            let at = (link, End::Server);
            scene.network.write(scene.now, &mut scene.agenda, at, peer.session.output());
            if had_output && peer.session.output().is_empty() {
                peer.note_drained(scene.conditions.egress_bytes);
            }
            let host = peer.host.and_then(|host| self.hosts.get_mut(host.0));
            if let Some(host) = host.filter(|_| !peer.inputs.is_empty() && !peer.is_waiting)
                && (!host.waiting.is_empty() || !host.submit(scene, &mut peer.inputs))
            {
                host.waiting.push_back(link);
                peer.is_waiting = true;
            }
            if peer.inputs.is_empty() || peer.is_waiting {
                break;
            }
        }
        if peer.is_over() && peer.session.output().is_empty() && peer.inputs.is_empty() {
            scene.network.end(scene.now, &mut scene.agenda, (link, End::Server));
            self.peers.remove(&link);
            return;
        }
        if let Some(deadline) = peer.session.next_deadline() {
            let at = scene.server_clock.moment_of(deadline).max(scene.now);
            if peer.timer_at.is_none_or(|planned| at < planned) {
                peer.timer_at = Some(at);
                scene.agenda.add(at, Event::Timer { link, end: End::Server });
            }
        }
    }
}

/// Removes the pages that no engine needs, and objects if one is missing.
fn sweep(scene: &mut Scene, engines: &[(Engine, Lsn)], disk: &mut SimDisk) {
    let of_engine = |(at, (engine, _)): (usize, &(Engine, Lsn))| {
        engine.pages().map(|page| PagePlace { host: HostIndex(at), page }).collect::<Vec<_>>()
    };
    let needed: Vec<PagePlace> = engines.iter().enumerate().flat_map(of_engine).collect();
    match pages::sweep(disk, &needed) {
        Ok(missing) if missing.is_empty() => {}
        Ok(missing) => scene.oracle.object(format!("pages are missing: {missing:?}")),
        Err(error) => scene.oracle.object(format!("pages cannot be swept: {error}")),
    }
}

/// What the disk did to the log or the pages.
#[derive(Debug)]
pub(crate) struct LogFailure(String);

impl fmt::Display for LogFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn describe(error: &dyn std::error::Error) -> String {
    let cause = error.source().map_or_else(String::new, |source| format!(": {source}"));
    format!("{error}{cause}")
}
