//! A whole world: a server, its disk, its clients, and what goes wrong.
//!
//! One event after the other; time goes only from one to the next.

mod faults;
mod lives;

use std::{collections::VecDeque, time::Duration};

use leveret_journal::SimDisk;
use leveret_protocol::Timestamp;

use crate::{
    agenda::Agenda,
    audit::{Shelf, survey_engine},
    chance::Chance,
    client::Client,
    event::Event,
    moment::{Moment, WallClock},
    network::Network,
    oracle::{Occasion, Oracle, Survey},
    place::{ClientId, End, HostIndex, Life, LinkId},
    plan::{Conditions, Plan},
    scene::Scene,
    server::Server,
    statistics::Statistics,
    trace::Trace,
};

/// Events after which a world that does not come to rest never will.
const EVENTS_MAX: u64 = 400_000;

/// Time after the last fault in which everything must come to an end.
const CALM_MICROS_MAX: u64 = 4 * 3_600 * 1_000_000;

/// How often a loss of power is rehearsed right before a sync.
const SYNCS_REHEARSED_PERCENT: u64 = 5;

/// How long after its end a world is looked at.
const LATER: Duration = Duration::from_hours(24 * 365);

/// The clocks' first reading.
const BEGINNING: Timestamp = Timestamp::from_millis(1_700_000_000_000);

#[derive(Debug)]
pub(crate) struct World {
    scene: Scene,
    disk: SimDisk,
    server: Option<Server>,
    life: Life,
    clients: Vec<Client>,
    faults: Chance,
    /// Faults and rehearsals so far.
    harms: u64,
    /// The server stands still until then.
    paused_until: Moment,
    calm_since: Option<Moment>,
    disk_plan: DiskPlan,
}

/// What the disk is about to do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DiskPlan {
    Nothing,
    Error,
    PowerCut,
}

/// How a world ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) violation: Option<String>,
    pub(crate) statistics: Statistics,
    pub(crate) hash: u64,
    pub(crate) lines: Vec<String>,
}

impl World {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut chance = Chance::new(plan.seed);
        let conditions = Conditions::draw(plan, &mut chance);
        let clock = WallClock::showing(BEGINNING);
        let network =
            Network::new(chance.split(), conditions.latency_micros, conditions.window_bytes);
        let clients = clients(&conditions, &mut chance);
        let (faults, hosts) = (chance.split(), conditions.hosts);
        let scene = Scene {
            now: Moment::default(),
            client_clock: clock,
            server_clock: clock,
            chance,
            agenda: Agenda::new(),
            network,
            trace: Trace::new(plan.keeps_trace),
            oracle: Oracle::new(conditions.topology.clone(), hosts),
            conditions,
            sabotage: plan.sabotage,
            statistics: Statistics::default(),
            unfounded: hosts,
            is_calm: false,
        };
        Self {
            scene,
            disk: SimDisk::new(),
            server: None,
            life: Life(0),
            clients,
            faults,
            harms: 0,
            paused_until: Moment::default(),
            calm_since: None,
            disk_plan: DiskPlan::Nothing,
        }
    }

    /// Lets everything happen.
    pub(crate) fn run(mut self) -> Ending {
        let text = format!("{:?}", self.scene.conditions);
        self.scene.note(format_args!("conditions {text}"));
        self.scene.agenda.add(Moment(0), Event::Start);
        for client in 0..self.clients.len() {
            self.scene.plan(client as u64, Event::Think { client: ClientId(client) });
        }
        self.plan_fault();
        while self.scene.oracle.violation().is_none() && !self.is_at_rest() {
            let Some((at, event)) = self.scene.agenda.next() else { break };
            self.scene.now = self.scene.now.max(at);
            self.scene.statistics.events += 1;
            self.scene.trace.note(at, format_args!("{event:?}"));
            self.happen(event);
            self.grow_calm();
        }
        self.examine_end();
        let Scene { oracle, mut statistics, trace, .. } = self.scene;
        (statistics.confirmed, statistics.delivered) = (oracle.confirmed, oracle.delivered);
        Ending {
            violation: oracle.violation().map(str::to_owned),
            statistics,
            hash: trace.hash(),
            lines: trace.into_lines(),
        }
    }

    fn happen(&mut self, event: Event) {
        if self.paused_until > self.scene.now && is_of_server(event) {
            return self.scene.agenda.add(self.paused_until, event);
        }
        // What is written and not synced yet is where a loss of power shows most.
        if matches!(event, Event::Sync { .. })
            && !self.scene.is_calm
            && self.scene.unfounded == 0
            && self.faults.percent(SYNCS_REHEARSED_PERCENT)
        {
            let seed = self.faults.next();
            self.rehearse(seed);
        }
        let current = self.server.as_ref().map(Server::life);
        let scene = &mut self.scene;
        match (event, &mut self.server) {
            (Event::Start, _) => self.start(),
            (Event::Exit { life }, _) if current == Some(life) => self.exit(),
            (Event::Write { life } | Event::Sync { life } | Event::Page { life }, Some(server))
                if current == Some(life) =>
            {
                let done = if matches!(event, Event::Write { .. }) {
                    server.write_log(scene)
                } else if matches!(event, Event::Page { .. }) {
                    server.work_on_pages(scene)
                } else {
                    server.sync_log(scene)
                };
                if let Err(failure) = done {
                    self.log_failed(&failure);
                }
            }
            (Event::Accept { link }, Some(server)) => server.accept(scene, link),
            (Event::Accept { link }, None) => {
                scene.network.reset(scene.now, &mut scene.agenda, link);
            }
            (Event::Turn { life, host }, Some(server)) if current == Some(life) => {
                server.turn(scene, host);
            }
            (Event::Effects { life, link }, Some(server)) if current == Some(life) => {
                server.effects(scene, link);
            }
            (Event::Arrive { link, end: End::Server }, Some(server)) => server.arrive(scene, link),
            (Event::Writable { link, end: End::Server }, Some(server)) => {
                server.writable(scene, link);
            }
            (Event::Timer { link, end: End::Server }, Some(server)) => server.timer(scene, link),
            (Event::Expire { link }, _) => scene.network.reset(scene.now, &mut scene.agenda, link),
            (Event::Fault, _) => self.do_harm(),
            _ => self.happen_to_client(event),
        }
    }

    fn happen_to_client(&mut self, event: Event) {
        let scene = &mut self.scene;
        match event {
            Event::Think { client } => {
                if let Some(client) = self.clients.get_mut(client.0) {
                    client.think(scene);
                }
            }
            Event::Resume { client } => {
                if let Some(client) = self.clients.get_mut(client.0) {
                    client.resume(scene);
                }
            }
            Event::Arrive { link, end: End::Client } => {
                if let Some(client) = by_link(&mut self.clients, link) {
                    client.arrive(scene);
                }
            }
            Event::Writable { link, end: End::Client } => {
                if let Some(client) = by_link(&mut self.clients, link) {
                    client.writable(scene);
                }
            }
            Event::Timer { link, end: End::Client } => {
                if let Some(client) = by_link(&mut self.clients, link) {
                    client.timer(scene);
                }
            }
            // Those were of a server that is no more.
            Event::Arrive { .. }
            | Event::Writable { .. }
            | Event::Timer { .. }
            | Event::Accept { .. }
            | Event::Turn { .. }
            | Event::Effects { .. }
            | Event::Write { .. }
            | Event::Sync { .. }
            | Event::Page { .. }
            | Event::Exit { .. }
            | Event::Expire { .. }
            | Event::Start
            | Event::Fault => {}
        }
    }

    /// Once no client has anything left to do, nothing goes wrong any more.
    fn grow_calm(&mut self) {
        if self.scene.statistics.events > EVENTS_MAX {
            self.scene.oracle.object("there is no end of it".to_owned());
        }
        match self.calm_since {
            None if !self.clients.iter().any(Client::has_steps) => {
                self.scene.note(format_args!("calm"));
                self.calm_since = Some(self.scene.now);
                self.scene.is_calm = true;
                // What has struck already has its consequences.
                if !self.disk.has_failed() {
                    self.disk.heal();
                    self.disk_plan = DiskPlan::Nothing;
                }
            }
            Some(since) if self.scene.now > since.after(CALM_MICROS_MAX) => {
                let clients: Vec<_> = self.clients.iter().filter(|one| !one.is_done()).collect();
                let text = format!("nothing goes wrong, and it does not end: {clients:?}");
                self.scene.oracle.object(text);
            }
            None | Some(_) => {}
        }
    }

    fn is_at_rest(&self) -> bool {
        self.calm_since.is_some()
            && self.clients.iter().all(Client::is_done)
            && self.server.as_ref().is_some_and(|server| server.is_idle() && !server.is_ending())
    }

    /// All that is left at the end must be what ought to be left.
    fn examine_end(&mut self) {
        if self.scene.oracle.violation().is_some() {
            return;
        }
        if !self.is_at_rest() {
            let text =
                format!("nothing happens any more, and it is not at rest: {:?}", self.server);
            self.scene.oracle.object(text);
            return;
        }
        self.rehearse(0);
        let Some(server) = &mut self.server else { return };
        // Late enough for what waits for its time, whatever became of the clock.
        let now = self.scene.server_time().saturating_add(LATER);
        for (at, engine) in server.engines().enumerate() {
            let host = HostIndex(at);
            let pages = Shelf::new(host, self.disk.fork());
            let queues = survey_engine(engine, pages, &self.scene.conditions, now);
            let survey = Survey { occasion: Occasion::Rest, last: u64::MAX, queues };
            self.scene.oracle.take_survey(host, &survey);
        }
    }
}

fn by_link(clients: &mut [Client], link: LinkId) -> Option<&mut Client> {
    clients.iter_mut().find(|client| client.link() == Some(link))
}

fn is_of_server(event: Event) -> bool {
    match event {
        Event::Accept { .. }
        | Event::Effects { .. }
        | Event::Turn { .. }
        | Event::Write { .. }
        | Event::Page { .. }
        | Event::Sync { .. } => true,
        Event::Arrive { end, .. } | Event::Writable { end, .. } | Event::Timer { end, .. } => {
            end == End::Server
        }
        Event::Exit { .. }
        | Event::Start
        | Event::Think { .. }
        | Event::Resume { .. }
        | Event::Expire { .. }
        | Event::Fault => false,
    }
}

/// The first clients lay the foundation, one in each virtual host.
fn clients(conditions: &Conditions, chance: &mut Chance) -> Vec<Client> {
    let count = conditions.clients.max(conditions.hosts);
    let steps = conditions.steps / (count as u64);
    let client = |at: usize| {
        let script: VecDeque<_> = if at < conditions.hosts {
            conditions.topology.foundation().into()
        } else {
            VecDeque::new()
        };
        let host = HostIndex(at % conditions.hosts);
        Client::new(ClientId(at), host, chance.split(), steps, script)
    };
    (0..count).map(client).collect()
}
