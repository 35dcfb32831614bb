//! From a configuration to a broker that answers.
//!
//! The order matters: lock the directory, take the addresses, replay the log, and only then answer.

use std::{collections::BTreeMap, io, net::SocketAddr, path::Path, sync::Arc};

use leveret_engine::PolicySet;
use leveret_journal::{Disk, OpenError, RealDisk, SimDisk, StreamId};
use leveret_protocol::ShortStr;
use tokio::{net::TcpSocket, sync::oneshot, task::JoinHandle};

use crate::{
    alarm::{self, Gauge},
    backups::Backups,
    bound::{Bound, Protocol},
    broker::Broker,
    causes::causes,
    clock::Clock,
    config::{Config, ConfigError, Listener, Store},
    definitions::{self, Definitions, DefinitionsError, Imported},
    directory::{DataDirectory, DirectoryError, Roster},
    door::Door,
    hosts::{DiskQueues, Hosts},
    http,
    lifecycle::Lifecycle,
    limits::Limits,
    listener,
    log::LogStream,
    lookout::look_out,
    pages::{PageStream, PageThreads},
    panic_record::{PanicLoop, PanicRecord},
    presence::Presence,
    recovery::{Past, Present, RecoverError, Recovered, RecoveredHost, recover},
    registry::{Keeper, Ledger, State, kept_policies, opening_state},
    running::Parts,
    scrub::{Scrub, Terms},
    shared::{Shared, Started},
    tls::{TlsError, TlsKeeper},
    users::User,
};

/// Why a broker did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration contradicts itself.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// TLS cannot be had with the files given.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The engine panicked at the last starts, again and again.
    #[error(transparent)]
    PanicLoop(#[from] PanicLoop),
    /// The data directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The log in it cannot be opened.
    #[error("cannot open the log: {error}{}", causes(.error))]
    Log {
        /// What the log says.
        #[source]
        error: OpenError,
    },
    /// The directory of pages cannot be used.
    #[error("cannot use the pages: {0}")]
    Pages(#[source] io::Error),
    /// The definitions to start with make no sense; nothing of them was applied.
    #[error("definitions are not taken: {0}")]
    Definitions(#[from] DefinitionsError),
    /// An address to listen on cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Users, permissions and policies cannot be kept.
    #[error("cannot keep users and permissions: {0}")]
    Registry(String),
    /// The system gave no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// The running parts that belong to the store.
struct Running {
    hosts: Hosts,
    threads_ended: Vec<oneshot::Receiver<()>>,
    recovered: Recovered,
    /// Verifies what is on the disk, once all else runs.
    scrub: Option<ScrubStart>,
}

/// Starts the task that verifies what is on the disk.
type ScrubStart = Box<dyn FnOnce(&Arc<Shared>) -> Option<JoinHandle<()>> + Send>;

/// What a start needs of every kind of store.
#[derive(Clone)]
struct Surroundings {
    clock: Clock,
    lifecycle: Lifecycle,
    limits: Limits,
    panics: Option<PanicRecord>,
}

/// Starts a broker; `simulated` replaces the store of the configuration.
pub(crate) async fn start(
    config: Config,
    simulated: Option<SimDisk>,
    gauge: Option<Arc<dyn Gauge>>,
) -> Result<Parts, StartError> {
    config.check()?;
    let tls = config.tls.as_ref().map(TlsKeeper::new).transpose()?.map(Arc::new);
    let doors = doors(&config, tls.as_ref());
    let admin_tls = tls.clone().filter(|_| config.admin_tls);
    let listen: Vec<SocketAddr> = doors.iter().map(|(address, _)| *address).collect();
    let Config { store, virtual_hosts, users, limits, .. } = config.clone();
    let definitions = config.load_definitions.as_deref().map(Definitions::of_file).transpose()?;
    let (clock, lifecycle) = (Clock::start(), Lifecycle::start());
    let data_dir = store.directory().filter(|_| simulated.is_none()).cloned();
    let panics = data_dir.as_deref().map(PanicRecord::in_directory);
    let surroundings = Surroundings { clock, lifecycle: lifecycle.clone(), limits, panics };
    let in_memory_ledger = || {
        let mut roster = Roster::default();
        roster.admit(&virtual_hosts);
        Ledger::new(None, roster)
    };
    let (running, sockets, ledger) = match (simulated, store) {
        (Some(disk), _) => {
            let (ledger, sockets) = (in_memory_ledger(), bind(&listen)?);
            let roster = ledger.roster().clone();
            // Its faults strike the calls of the broker itself.
            let disks = Disks { log: disk.clone(), pages: [disk.clone(), disk], scrub: None };
            let past = (roster, kept_policies(ledger.read()?.as_ref()));
            (open(disks, (), past, surroundings).await?, sockets, ledger)
        }
        (None, Store::Memory) => {
            let ledger = in_memory_ledger();
            (in_memory(ledger.roster(), &surroundings), bind(&listen)?, ledger)
        }
        (None, Store::Directory(path)) => {
            let (directory, roster) = open_directory(&path, &virtual_hosts)?;
            PanicRecord::in_directory(&path).check()?;
            let ledger = Ledger::new(Some(directory.path().to_owned()), roster.clone());
            let sockets = bind(&listen)?;
            let pages = || RealDisk::new(directory.pages_path());
            let log = || RealDisk::new(directory.journal_path());
            let scrub = Some(Scrub::new(log(), pages()));
            let disks = Disks { log: log(), pages: [pages(), pages()], scrub };
            let past = (roster, kept_policies(ledger.read()?.as_ref()));
            (open(disks, directory, past, surroundings).await?, sockets, ledger)
        }
    };
    let admin = config.admin_listen.map(|address| bind(&[address])).transpose()?;
    let Running { hosts, threads_ended, recovered, scrub } = running;
    let (hosts, presence) = (Arc::new(hosts), Arc::<Presence>::default());
    let state = first_state(&ledger, &users, definitions.as_ref())?;
    let (registry, keeper) = Keeper::new(state, ledger, Arc::clone(&hosts), Arc::clone(&presence));
    let mut tasks = vec![tokio::spawn(keeper.run(lifecycle.clone()))];
    let places = (registry, hosts, presence, Backups::new(data_dir.clone()));
    let shared = Shared::new(lifecycle, clock, config, places);
    let gauge = gauge.unwrap_or_else(|| alarm::machine(data_dir));
    tasks.push(tokio::spawn(look_out(gauge, Arc::clone(&shared))));
    tasks.extend(scrub.and_then(|start| start(&shared)));
    let (local_addrs, admin_addr) = (Vec::new(), None);
    let parts = Parts { shared, tasks, threads_ended, local_addrs, admin_addr, recovered, tls };
    let parts = take_over(parts, definitions).await?;
    open_ports(parts, (admin, admin_tls), (sockets, doors))
}

/// Sockets that are taken and not yet answered on.
type Sockets = Vec<(SocketAddr, TcpSocket)>;

/// Begins to answer everybody.
fn open_ports(
    mut parts: Parts,
    (admin, admin_tls): (Option<Sockets>, Option<Arc<TlsKeeper>>),
    (sockets, doors): (Sockets, Vec<(SocketAddr, Door)>),
) -> Result<Parts, StartError> {
    let mut bound = serve_admin(admin, admin_tls, &parts.shared, &mut parts.tasks)?;
    parts.admin_addr = bound.first().map(|bound| bound.address);
    bound.extend(open_doors(sockets, doors, &mut parts)?);
    let (recovered, tls) = (parts.recovered, parts.tls.clone());
    // It is set once.
    parts.shared.started.set(Started { bound, recovered, tls }).ok();
    Ok(parts)
}

/// Begins to answer clients.
fn open_doors(
    sockets: Sockets,
    doors: Vec<(SocketAddr, Door)>,
    parts: &mut Parts,
) -> Result<Vec<Bound>, StartError> {
    let mut bound = Vec::new();
    for ((address, socket), (_, door)) in sockets.into_iter().zip(doors) {
        let refused = |source| StartError::Listen { address, source };
        let listener = listener::listen(socket).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let protocol = if door.tls.is_some() { Protocol::AmqpTls } else { Protocol::Amqp };
        bound.push(Bound { address, protocol });
        parts.local_addrs.push(address);
        parts.tasks.push(tokio::spawn(listener::accept(listener, door, Arc::clone(&parts.shared))));
    }
    Ok(bound)
}

/// Applies definitions before anybody is let in; with anything wrong in them the broker ends.
async fn take_over(parts: Parts, definitions: Option<Definitions>) -> Result<Parts, StartError> {
    let Some(definitions) = definitions else { return Ok(parts) };
    match definitions::import(&parts.shared, definitions).await {
        Ok(Imported { settings, things, kept }) => {
            tracing::info!(settings, things, kept, "definitions imported");
            Ok(parts)
        }
        Err(error) => {
            // It ends anyway.
            Broker::new(parts).shutdown().await;
            Err(error.into())
        }
    }
}

/// Begins to answer the admin API, if it has a socket; gives back its real port.
fn serve_admin(
    admin: Option<Sockets>,
    tls: Option<Arc<TlsKeeper>>,
    shared: &Arc<Shared>,
    tasks: &mut Vec<JoinHandle<()>>,
) -> Result<Vec<Bound>, StartError> {
    let mut bound = Vec::new();
    for (address, socket) in admin.into_iter().flatten() {
        let refused = |source| StartError::Listen { address, source };
        let listener = listener::listen(socket).map_err(refused)?;
        let protocol = if tls.is_some() { Protocol::HttpTls } else { Protocol::Http };
        bound.push(Bound { address: listener.local_addr().map_err(refused)?, protocol });
        tasks.push(tokio::spawn(http::serve(listener, tls.clone(), Arc::clone(shared))));
    }
    Ok(bound)
}

/// What was kept of users and permissions, with what the configuration says; written at once.
///
/// With definitions to come it is written together with them, or not at all.
fn first_state(
    ledger: &Ledger,
    users: &[User],
    definitions: Option<&Definitions>,
) -> Result<State, StartError> {
    let names: Vec<String> = ledger.roster().iter().map(|(_, name)| name.to_owned()).collect();
    let brings_users = definitions.is_some_and(Definitions::has_users);
    let state = opening_state(ledger.read()?, &names, (users, brings_users));
    if definitions.is_none() {
        ledger.write(&state).map_err(StartError::Registry)?;
    }
    Ok(state)
}

/// Every address with what is offered there.
fn doors(config: &Config, keeper: Option<&Arc<TlsKeeper>>) -> Vec<(SocketAddr, Door)> {
    let tls = config.tls.as_ref();
    let plain = config.listen.iter().copied().map(Listener::plain);
    let door = |listener: Listener| {
        let mechanisms = listener.offered(tls).into();
        let tls = keeper.cloned().filter(|_| listener.tls);
        (listener.address, Door { mechanisms, tls })
    };
    plain.chain(config.listeners.iter().cloned()).map(door).collect()
}

fn bind(addresses: &[SocketAddr]) -> Result<Vec<(SocketAddr, TcpSocket)>, StartError> {
    let bind = |&address: &SocketAddr| match listener::bind(address) {
        Ok(socket) => Ok((address, socket)),
        Err(source) => Err(StartError::Listen { address, source }),
    };
    addresses.iter().map(bind).collect()
}

fn open_directory(
    path: &Path,
    virtual_hosts: &[String],
) -> Result<(DataDirectory, Roster), StartError> {
    let directory = DataDirectory::open(path)?;
    let mut roster = directory.roster()?;
    if roster.admit(virtual_hosts) {
        directory.write_roster(&roster)?;
    }
    Ok((directory, roster))
}

fn in_memory(roster: &Roster, surroundings: &Surroundings) -> Running {
    let hosts = Hosts::new(surroundings.clock, surroundings.limits.clone(), None, None);
    for (stream, name) in roster.iter() {
        hosts.add(&ShortStr::truncated(name), StreamId(stream));
    }
    let recovered = Recovered::default();
    Running { hosts, threads_ended: Vec::new(), recovered, scrub: None }
}

/// The directories of a store, the second one as often as there are threads for it.
struct Disks<D> {
    log: D,
    pages: [D; 2],
    scrub: Option<Scrub<D>>,
}

/// Lets the scrub go as fast as the limits say that hold then.
fn scrub_later<D: Disk + Send + 'static>(scrub: Scrub<D>) -> ScrubStart {
    Box::new(|shared| {
        let (queues, lifecycle) = (shared.hosts.disk()?, shared.lifecycle.watch());
        let of = Arc::clone(shared);
        let rate = Box::new(move || of.limits().scrub_bytes_per_sec);
        let figures = shared.scrubbed.clone();
        Some(tokio::spawn(scrub.run(Terms { queues, rate, figures }, lifecycle)))
    })
}

/// Replays the log on a disk; `held` is let go when the threads have ended.
async fn open<D: Disk + Send + 'static, H: Send + Sync + 'static>(
    disks: Disks<D>,
    held: H,
    (roster, policies): (Roster, BTreeMap<ShortStr, PolicySet>),
    surroundings: Surroundings,
) -> Result<Running, StartError> {
    let Surroundings { clock, lifecycle, limits, panics } = surroundings;
    let Disks { log, pages: [writing, reading], scrub } = disks;
    let pages = PageThreads::new(writing, reading, lifecycle.clone());
    let engine_limits = limits.of_engine();
    let past = Past { log, pages, roster, policies, limits: engine_limits, clock, lifecycle };
    let Present { log, pages, hosts: recovered_hosts, recovered } =
        match tokio::task::spawn_blocking(move || recover(past)).await {
            Ok(Ok(present)) => present,
            Ok(Err(RecoverError::Log(error))) => return Err(StartError::Log { error }),
            Ok(Err(RecoverError::Pages(error))) => return Err(StartError::Pages(error)),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
    let held = Arc::new(held);
    let (page_queue, pages_ended) = pages.start(&held).map_err(StartError::Thread)?;
    let (log_queue, log_ended) = log.start(held).map_err(StartError::Thread)?;
    let queues = DiskQueues { log: log_queue.clone(), pages: page_queue.clone() };
    let hosts = Hosts::new(clock, limits, panics, Some(queues));
    for RecoveredHost { name, stream, engine, mailbox, .. } in recovered_hosts {
        let log = LogStream::new(stream, log_queue.clone(), mailbox);
        let pages = PageStream::new(stream, page_queue.clone());
        hosts.run(name, engine, stream, Some((log, pages)));
    }
    let threads_ended = pages_ended.into_iter().chain([log_ended]).collect();
    Ok(Running { hosts, threads_ended, recovered, scrub: scrub.map(scrub_later) })
}
