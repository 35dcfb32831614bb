//! From an application to a running one, step by step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use leveret_client::{ConnectOptions, Connection};
use leveret_protocol::ShortStr;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{info, warn};

use super::attempts::Surroundings;
use super::error::{StartError, StopError};
use super::guarantee::Guarantee;
use super::manner::manner_of;
use super::partitions::{check_numbers, told};
use super::running::RunningApp;
use super::settlement::{HandlerPlan, SettlementPlan};
use super::{App, DEFAULT_CONNECTION};
use crate::bell::Bell;
use crate::control::{Control, Desk};
use crate::embedded::Embedded;
use crate::endpoint::Endpoint;
use crate::extract::CallDesk;
use crate::files::FileSource;
use crate::gate::Gate;
use crate::handler::{Handler, Inboxing, Mode};
use crate::inbox::{Inbox, Ledger, StoreError, ledger_queue};
use crate::later::Timer;
use crate::link::{Apart, BackOff, Declaration, Dialer, Link, Outlet, Supervisor, Way, declare};
use crate::listener::{Listener, ListenerContext};
use crate::metrics::{Monitor, Port, Reloads, Sources, Watched};
use crate::phase::{Phase, PhaseTeller};
use crate::publisher::{Orders, Publisher};
use crate::publishing::{ORDERS_MAX, Publishing};
use crate::shared::Shared;
use crate::stats::Counters;
use crate::worker::{Attempts, InboxDesk, Shares, Suspects, Worker};

/// How long a broker that does not answer is waited for at start.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// Parts that run, as they are put together.
struct Assembly {
    phase: PhaseTeller,
    workers: JoinSet<()>,
    readers: JoinSet<()>,
    services: JoinSet<()>,
    brokers: Vec<(String, Embedded)>,
    links: BTreeMap<String, Link>,
    /// What is known of each handler, by name.
    known: BTreeMap<String, (Arc<Counters>, Arc<Gate>)>,
    bell: Arc<Bell>,
    reconnects: Arc<AtomicU64>,
    failures: mpsc::Sender<StopError>,
}

impl App {
    /// Starts the application and returns when its handlers consume.
    ///
    /// Must be called within a Tokio runtime. A broker elsewhere that does not answer is waited
    /// for ten seconds; one that refuses is told at once.
    pub async fn start(mut self) -> Result<RunningApp, StartError> {
        self.check()?;
        let pages = self.listen().await?;
        let desk = Desk::open(self.control_server.as_ref()).await?;
        let (failures, failed) = mpsc::channel(4);
        let mut assembly = Assembly::new(failures);
        let endpoints = self.endpoints();
        for (name, endpoint) in &endpoints {
            let link = assembly.connect(&self, name, endpoint).await?;
            assembly.links.insert(name.clone(), link);
        }
        let plan = assembly.plan(&self, &endpoints)?;
        // After the broker, which names the program that holds the directory.
        let desks = assembly.keep_ledgers(&self)?;
        self.shared.put_state(CallDesk::new(assembly.links.get(DEFAULT_CONNECTION).cloned()));
        let shared = Arc::new(std::mem::replace(&mut self.shared, Shared::new("")));
        let publisher = assembly.publish(&shared);
        for hook in std::mem::take(&mut self.on_start) {
            hook(publisher.clone()).await.map_err(|error| StartError::Hook(error.to_string()))?;
        }
        for handler in &self.handlers {
            let name = connection_of(handler);
            let guarantee = Guarantee::of(handler, assembly.links.get(name));
            let counters = Arc::new(Counters::new(assembly.bell.clone()));
            let gate = Arc::new(handler.gate());
            let known = (counters.clone(), gate.clone());
            assembly.known.insert(handler.name.clone(), known);
            let around = Surroundings {
                shared: shared.clone(),
                counters,
                gate,
                login: assembly.links.get(name).and_then(|link| link.login.clone()),
                phase: assembly.phase.listen(),
            };
            let attempts = self.attempts(handler, around);
            let desk = desks.get(name).filter(|_| handler.inbox == Inboxing::On).cloned();
            assembly.work(handler, &attempts, guarantee.mode, desk);
        }
        assembly.read(self.sources, &publisher);
        let apart = Apart::of(&assembly.brokers, DEFAULT_CONNECTION, &self.endpoint);
        assembly.listen(self.listeners, &publisher, &shared, &apart);
        let metrics_address = pages.address();
        let control_address = desk.address();
        let monitor = assembly.watch(&self.handlers, pages);
        let control = assembly.control(&monitor, desk);
        plan.handlers.iter().for_each(log_plan);
        info!(app = %self.name, broker = %self.endpoint, handlers = self.handlers.len(), "started");
        Ok(RunningApp {
            name: self.name,
            grace: self.grace,
            on_stop: self.on_stop,
            publisher,
            failed,
            plan,
            phase: assembly.phase,
            workers: assembly.workers,
            readers: assembly.readers,
            services: assembly.services,
            brokers: assembly.brokers,
            links: assembly.links,
            queues: self.handlers.iter().flat_map(queues_of).collect(),
            monitor,
            bell: assembly.bell,
            probes: self.probes,
            metrics_address,
            control,
            control_address,
            endpoint: self.endpoint,
        })
    }

    fn open_inbox(&self) -> Result<Option<Arc<Inbox>>, StartError> {
        if self.handlers.iter().all(|handler| handler.inbox == Inboxing::Off) {
            return Ok(None);
        }
        let path = match (&self.inbox_file, &self.endpoint) {
            (Some(path), _) => path.clone(),
            (None, Endpoint::Directory(path)) => path.join("inbox.redb"),
            (None, Endpoint::Memory | Endpoint::Address(_)) => return Ok(Some(Inbox::in_memory())),
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(StoreError::from)?;
        }
        Ok(Some(Inbox::open(&path)?))
    }
}

impl Assembly {
    fn new(failures: mpsc::Sender<StopError>) -> Self {
        Self {
            phase: PhaseTeller::default(),
            workers: JoinSet::new(),
            readers: JoinSet::new(),
            services: JoinSet::new(),
            brokers: Vec::new(),
            links: BTreeMap::new(),
            known: BTreeMap::new(),
            bell: Arc::default(),
            reconnects: Arc::default(),
            failures,
        }
    }

    /// Opens a connection with everything declared on it, and keeps it open from now on.
    async fn connect(
        &mut self,
        app: &App,
        name: &str,
        endpoint: &Endpoint,
    ) -> Result<Link, StartError> {
        #[cfg(feature = "test-kit")]
        if let Some(relay) = &app.relay {
            let names = app
                .handlers
                .iter()
                .flat_map(|one| one.queues().into_iter().map(|queue| (queue, one.name.clone())));
            relay.know(names.collect());
        }
        let way = self.way(endpoint, name).await?;
        let dialer = Dialer {
            options: ConnectOptions {
                name: Some(format!("{}:{name}", app.name)),
                refused_commits: true,
                ..way.0
            },
            way: way.1,
            #[cfg(feature = "test-kit")]
            relay: app.relay.clone(),
        };
        let connection = dial(&dialer, endpoint).await?;
        let declarations = declarations(app, name, Timer::of(&connection));
        for handler in handlers_on(app, name) {
            check_numbers(&connection, handler).await?;
        }
        declare(&connection, &declarations).await.map_err(|error| told(error, &app.handlers))?;
        let outlet = match endpoint {
            Endpoint::Address(_) => {
                let (declarations, phase) = (declarations.clone(), self.phase.listen());
                let (outlet, running) = Outlet::beside(name, &dialer, declarations, phase);
                self.services.spawn(running);
                Some(outlet)
            }
            Endpoint::Directory(_) | Endpoint::Memory => None,
        };
        let supervisor = Supervisor::new(name, dialer, declarations, self.reconnects.clone());
        supervisor.show_first(connection);
        let link = supervisor.link().with_outlet(outlet);
        self.services.spawn(supervisor.run(self.phase.listen()));
        Ok(link)
    }

    /// Starts what has to be started, and says how to connect to it.
    async fn way(
        &mut self,
        endpoint: &Endpoint,
        name: &str,
    ) -> Result<(ConnectOptions, Way), StartError> {
        let directory = match endpoint {
            Endpoint::Address(address) => {
                let options = ConnectOptions::from_uri(address).map_err(|error| {
                    let source = Box::new(error.into());
                    StartError::Connect { endpoint: endpoint.to_string(), source }
                })?;
                return Ok((options, Way::Socket));
            }
            Endpoint::Directory(path) => Some(path.as_path()),
            Endpoint::Memory => None,
        };
        let broker = Embedded::start(directory)
            .await
            .map_err(|error| StartError::Broker(error.to_string()))?;
        self.brokers.push((name.to_owned(), broker.clone()));
        let (failures, watched) = (self.failures.clone(), broker.clone());
        let mut phase = self.phase.listen();
        self.services.spawn(async move {
            tokio::select! {
                () = phase.reached(Phase::Stopped) => {}
                reason = watched.failed() => {
                    failures.send(StopError::Broker(reason)).await.ok();
                }
            }
        });
        Ok((ConnectOptions::default(), Way::Within(broker)))
    }

    /// How messages will be settled; an error if some may be lost and none must.
    fn plan(
        &self,
        app: &App,
        endpoints: &BTreeMap<String, Endpoint>,
    ) -> Result<SettlementPlan, StartError> {
        let plan_of = |handler: &Handler| {
            let name = connection_of(handler);
            let guarantee = Guarantee::of(handler, self.links.get(name));
            HandlerPlan::of(handler, guarantee, endpoints.get(name).unwrap_or(&app.endpoint))
        };
        let plan = SettlementPlan { handlers: app.handlers.iter().map(plan_of).collect() };
        if app.must_lose_nothing {
            refuse_loss(&plan)?;
        }
        Ok(plan)
    }

    /// A way to the inbox for each connection, if any handler has one.
    fn keep_ledgers(&mut self, app: &App) -> Result<BTreeMap<String, InboxDesk>, StartError> {
        let Some(inbox) = app.open_inbox()? else { return Ok(BTreeMap::new()) };
        let links = self.links.clone();
        let desk = |(name, link)| {
            let desk = self.keep_ledger(&app.name, &inbox, &link);
            (name, desk)
        };
        Ok(links.into_iter().map(desk).collect())
    }

    fn keep_ledger(&mut self, app: &str, inbox: &Arc<Inbox>, link: &Link) -> InboxDesk {
        let (drained, is_drained) = watch::channel(0);
        let (failed, mut store_failed) = mpsc::channel::<StoreError>(1);
        let queue = ledger_queue(app);
        let ledger = Ledger {
            link: link.clone(),
            queue: queue.clone(),
            inbox: inbox.clone(),
            phase: self.phase.listen(),
            drained,
            failed,
        };
        let failures = self.failures.clone();
        self.services.spawn(async move {
            ledger.run().await;
            if let Some(error) = store_failed.recv().await {
                failures.send(error.into()).await.ok();
            }
        });
        InboxDesk { inbox: inbox.clone(), ledger: queue, drained: is_drained }
    }

    fn publish(&mut self, shared: &Shared) -> Publisher {
        let (orders, ordered) = mpsc::channel(ORDERS_MAX);
        if let Some(link) = self.links.get(DEFAULT_CONNECTION) {
            let phase = self.phase.listen();
            let publishing = Publishing::new(link.clone(), shared.app_id.clone(), ordered, phase);
            self.services.spawn(publishing.run());
        }
        let link = self.links.get(DEFAULT_CONNECTION);
        let outlet = link.and_then(|link| link.outlet.as_ref());
        let wanted = outlet.map(|outlet| outlet.wish());
        Publisher::confirmed(Orders { orders, wanted }, shared.tracing.clone())
    }

    fn work(
        &mut self,
        handler: &Handler,
        attempts: &Attempts,
        mode: Mode,
        desk: Option<InboxDesk>,
    ) {
        let name = connection_of(handler);
        let Some(link) = self.links.get(name) else { return };
        let (suspects, returns) = (Arc::new(Suspects::default()), Arc::default());
        let declarations: Arc<[Declaration]> = Declaration::of(handler).into();
        let shares = handler.partitions.map(|count| Arc::new(Shares::of(count)));
        for queue in handler.queues() {
            let queue = ShortStr::truncated(&queue);
            let worker = Worker {
                number: 0,
                attempts: Arc::new(Attempts { queue: queue.clone(), ..attempts.clone() }),
                queue,
                mode,
                manner: manner_of(handler, shares.as_ref()),
                link: link.clone(),
                phase: self.phase.listen(),
                suspects: suspects.clone(),
                returns: Arc::clone(&returns),
                desk: desk.clone(),
                declarations: declarations.clone(),
            };
            for number in 0..handler.workers_max() {
                self.workers.spawn(Worker { number, ..worker.clone() }.run());
            }
        }
    }

    fn listen(
        &mut self,
        listeners: Vec<Listener>,
        publisher: &Publisher,
        shared: &Arc<Shared>,
        apart: &Apart,
    ) {
        for listener in listeners {
            let (publisher, shared, apart) = (publisher.clone(), shared.clone(), apart.clone());
            let context = ListenerContext { publisher, shared, phase: self.phase.listen(), apart };
            self.workers.spawn(listener.run(context));
        }
    }

    fn read(&mut self, sources: Vec<FileSource>, publisher: &Publisher) {
        for source in sources {
            let (publisher, failures) = (publisher.clone(), self.failures.clone());
            self.readers.spawn(async move {
                if let Err(error) = source.watch(&publisher, |_| {}).await {
                    failures.send(error.into()).await.ok();
                }
            });
        }
    }

    fn watch(&mut self, handlers: &[Handler], pages: Port) -> Monitor {
        let watched = |handler: &Handler| {
            let (counters, gate) = self.known.get(&handler.name)?.clone();
            let queues = handler.queues();
            Some(Watched {
                name: handler.name.clone(),
                queue: handler.queue().to_owned(),
                connection: connection_of(handler).to_owned(),
                gate,
                queues,
                has_one_consumer: handler.ordered.is_some(),
                counters,
            })
        };
        let monitor = Monitor::new(Sources {
            handlers: handlers.iter().filter_map(watched).collect(),
            links: self.links.clone(),
            reconnects: self.reconnects.clone(),
            phase: self.phase.listen(),
            reloads: Reloads::default(),
        });
        self.services.spawn(pages.serve(monitor.clone()));
        monitor
    }

    fn control(&mut self, monitor: &Monitor, desk: Desk) -> Control {
        let control = Control::new(monitor.clone(), self.bell.clone());
        self.services.spawn(desk.serve(control.clone()));
        control
    }
}

async fn dial(dialer: &Dialer, endpoint: &Endpoint) -> Result<Connection, StartError> {
    let deadline = Instant::now() + CONNECT_PATIENCE;
    let mut back_off = BackOff::new();
    loop {
        match dialer.dial().await {
            Ok(connection) => return Ok(connection),
            Err(error) if error.is_permanent() || Instant::now() >= deadline => {
                let (endpoint, source) = (endpoint.to_string(), Box::new(error));
                return Err(StartError::Connect { endpoint, source });
            }
            Err(error) => warn!(%endpoint, %error, "cannot connect, will try again"),
        }
        back_off.pause().await;
    }
}

fn declarations(app: &App, connection: &str, timer: Timer) -> Vec<Declaration> {
    let here = || handlers_on(app, connection);
    let is_unnamed = connection == DEFAULT_CONNECTION;
    let own = if is_unnamed { app.declarations.clone() } else { Vec::new() };
    // A binding may lead to an exchange or a queue that a handler brings.
    let (bindings, mut declarations): (Vec<_>, Vec<_>) =
        own.into_iter().partition(Declaration::is_binding);
    declarations.extend(here().flat_map(Declaration::of));
    let delayed = here().filter(|handler| handler.has_delays());
    declarations.extend(
        delayed.flat_map(|handler| timer.declarations(&ShortStr::truncated(handler.queue()))),
    );
    if app.handlers.iter().any(|handler| handler.inbox == Inboxing::On) {
        declarations.push(Declaration::durable_queue(&ledger_queue(&app.name).to_string()));
    }
    declarations.extend(bindings);
    declarations
}

fn handlers_on<'a>(app: &'a App, connection: &'a str) -> impl Iterator<Item = &'a Handler> {
    app.handlers.iter().filter(move |handler| connection_of(handler) == connection)
}

fn connection_of(handler: &Handler) -> &str {
    handler.connection.as_deref().unwrap_or(DEFAULT_CONNECTION)
}

fn queues_of(handler: &Handler) -> impl Iterator<Item = (String, String)> {
    let connection = connection_of(handler).to_owned();
    handler.queues().into_iter().map(move |queue| (connection.clone(), queue))
}

fn refuse_loss(plan: &SettlementPlan) -> Result<(), StartError> {
    let reason =
        |plan: &HandlerPlan| format!("handler `{}`: {}", plan.handler, plan.may_lose.join(", "));
    let risky = plan.handlers.iter().filter(|plan| !plan.may_lose.is_empty());
    let reasons: Vec<String> = risky.map(reason).collect();
    if reasons.is_empty() { Ok(()) } else { Err(StartError::MayLose { reasons }) }
}

fn log_plan(plan: &HandlerPlan) {
    info!(
        handler = %plan.handler,
        queue = %plan.queue,
        outputs = plan.outputs,
        retry = %plan.retry,
        held_back_by = plan.delayed_by,
        dead_letters = %plan.dead_letters,
        may_lose = ?plan.may_lose,
        may_repeat = ?plan.may_repeat,
        "settlement"
    );
}
