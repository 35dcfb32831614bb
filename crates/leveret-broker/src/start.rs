//! From a configuration to a broker that answers.
//!
//! The order matters: lock the directory, take the addresses, replay the log, and only then answer.

use std::{collections::BTreeMap, io, net::SocketAddr, path::Path, sync::Arc};

use leveret_journal::{Disk, OpenError, RealDisk, SimDisk};
use leveret_protocol::ShortStr;
use tokio::{net::TcpSocket, sync::oneshot, task::JoinHandle};

use crate::{
    alarm::{self, Gauge},
    clock::Clock,
    config::{Config, ConfigError, Listener, Store},
    directory::{DataDirectory, DirectoryError, Roster},
    door::Door,
    host::{HostTask, Ingress},
    lifecycle::Lifecycle,
    limits::Limits,
    listener,
    log::LogStream,
    lookout::look_out,
    recovery::{Recovered, RecoveredHost, fresh_engine, recover},
    running::Parts,
    shared::Shared,
    tls::{TlsError, TlsKeeper},
    users::Users,
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
    /// An address to listen on cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

fn causes(error: &OpenError) -> String {
    let mut text = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}

/// The running parts that belong to the store.
struct Running {
    hosts: BTreeMap<ShortStr, Ingress>,
    tasks: Vec<JoinHandle<()>>,
    log_ended: Option<oneshot::Receiver<()>>,
    recovered: Recovered,
}

/// What a start needs of every kind of store.
#[derive(Clone)]
struct Surroundings {
    clock: Clock,
    lifecycle: Lifecycle,
    limits: Limits,
}

/// Starts a broker; `simulated` replaces the store of the configuration.
pub(crate) async fn start(
    config: Config,
    simulated: Option<SimDisk>,
    gauge: Option<Arc<dyn Gauge>>,
) -> Result<Parts, StartError> {
    config.check()?;
    let doors = doors(&config)?;
    let tls = doors.iter().find_map(|(_, door)| door.tls.clone());
    let listen: Vec<SocketAddr> = doors.iter().map(|(address, _)| *address).collect();
    let Config { store, virtual_hosts, users, limits, .. } = config.clone();
    let (clock, lifecycle) = (Clock::start(), Lifecycle::start());
    let data_dir = match &store {
        Store::Directory(path) if simulated.is_none() => Some(path.clone()),
        Store::Directory(_) | Store::Memory => None,
    };
    let surroundings = Surroundings { clock, lifecycle: lifecycle.clone(), limits };
    let mut roster = Roster::default();
    let running = match (simulated, store) {
        (Some(disk), _) => {
            roster.admit(&virtual_hosts);
            let sockets = bind(&listen)?;
            let running = open(disk, (), roster, surroundings).await?;
            (running, sockets)
        }
        (None, Store::Memory) => {
            roster.admit(&virtual_hosts);
            (in_memory(&roster, &surroundings), bind(&listen)?)
        }
        (None, Store::Directory(path)) => {
            let (directory, roster) = open_directory(&path, &virtual_hosts)?;
            let sockets = bind(&listen)?;
            let disk = RealDisk::new(directory.journal_path());
            (open(disk, directory, roster, surroundings).await?, sockets)
        }
    };
    let (Running { hosts, mut tasks, log_ended, recovered }, sockets) = running;
    let shared = Shared::new(lifecycle, clock, config, Users::new(users), hosts);
    let gauge = gauge.unwrap_or_else(|| alarm::machine(data_dir));
    tasks.push(tokio::spawn(look_out(gauge, Arc::clone(&shared))));
    let mut local_addrs = Vec::new();
    for ((address, socket), (_, door)) in sockets.into_iter().zip(doors) {
        let refused = |source| StartError::Listen { address, source };
        let listener = listener::listen(socket).map_err(refused)?;
        local_addrs.push(listener.local_addr().map_err(refused)?);
        tasks.push(tokio::spawn(listener::accept(listener, door, Arc::clone(&shared))));
    }
    Ok(Parts { shared, tasks, log_ended, local_addrs, recovered, tls })
}

/// Every address with what is offered there; the files of TLS are read here.
fn doors(config: &Config) -> Result<Vec<(SocketAddr, Door)>, TlsError> {
    let tls = config.tls.as_ref();
    let keeper = tls.map(TlsKeeper::new).transpose()?.map(Arc::new);
    let plain = config.listen.iter().copied().map(Listener::plain);
    let door = |listener: Listener| {
        let mechanisms = listener.offered(tls).into();
        let tls = keeper.clone().filter(|_| listener.tls);
        (listener.address, Door { mechanisms, tls })
    };
    Ok(plain.chain(config.listeners.iter().cloned()).map(door).collect())
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
    let (mut hosts, mut tasks) = (BTreeMap::new(), Vec::new());
    for (_, name) in roster.iter() {
        let name = ShortStr::truncated(name);
        let (ingress, messages) = Ingress::new(&surroundings.limits);
        let task = HostTask::new(fresh_engine(&name), surroundings.clock, messages, None);
        tasks.push(tokio::spawn(task.run()));
        hosts.insert(name, ingress);
    }
    Running { hosts, tasks, log_ended: None, recovered: Recovered::default() }
}

/// Replays the log on a disk; `held` is let go when its thread has ended.
async fn open<D: Disk + Send + 'static, H: Send + 'static>(
    disk: D,
    held: H,
    roster: Roster,
    surroundings: Surroundings,
) -> Result<Running, StartError> {
    let Surroundings { clock, lifecycle, limits } = surroundings;
    let replay = tokio::task::spawn_blocking(move || recover(disk, &roster, clock, lifecycle));
    let (thread, recovered_hosts, recovered) = match replay.await {
        Ok(replayed) => replayed.map_err(|error| StartError::Log { error })?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    let (queue, log_ended) = thread.start(held).map_err(StartError::Thread)?;
    let (mut hosts, mut tasks) = (BTreeMap::new(), Vec::new());
    for RecoveredHost { name, stream, engine, mailbox, .. } in recovered_hosts {
        let (ingress, messages) = Ingress::new(&limits);
        let log = LogStream::new(stream, queue.clone(), mailbox);
        tasks.push(tokio::spawn(HostTask::new(engine, clock, messages, Some(log)).run()));
        hosts.insert(name, ingress);
    }
    Ok(Running { hosts, tasks, log_ended: Some(log_ended), recovered })
}
