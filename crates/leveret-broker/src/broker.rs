//! The broker as its owner sees it: start, connect, stop.

use std::{net::SocketAddr, path::Path, sync::atomic::Ordering};

use leveret_engine::Input;
use leveret_protocol::ShortStr;
use tokio::io::DuplexStream;

use crate::{
    alarm::Alarms,
    backup::{self, Backup, BackupError},
    connection,
    door::Door,
    lifecycle::{Failure, Lifecycle},
    recovery::Recovered,
    running::Parts,
    scrub::Scrubbed,
    users::Peer,
};

/// Bytes that wait in one direction of an in-process connection.
const PIPE_BYTES: usize = 256 << 10;

/// A running broker. Dropped without [`Broker::shutdown`], it stops by itself, in the background.
///
/// ```
/// use leveret_broker::Broker;
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let broker = Broker::builder().in_memory().listen("127.0.0.1:0".parse()?).start().await?;
/// println!("amqp://guest:guest@{}", broker.local_addrs()[0]);
///
/// // Or without a socket: this end of the pipe speaks AMQP 0-9-1.
/// let stream = broker.connect();
/// # drop(stream);
/// broker.shutdown().await;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Broker {
    pub(crate) parts: Parts,
    _stop: StopOnDrop,
}

impl Broker {
    pub(crate) fn new(parts: Parts) -> Self {
        let stop = StopOnDrop(parts.shared.lifecycle.clone());
        Self { parts, _stop: stop }
    }

    /// The addresses listened on, in the order they were given, with their real ports.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.parts.local_addrs
    }

    /// The address of the HTTP admin API, with its real port.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.parts.admin_addr
    }

    /// The names of the users there are now.
    pub fn user_names(&self) -> Vec<String> {
        self.parts.shared.registry.state().users.keys().cloned().collect()
    }

    /// What the start found in the log.
    pub fn recovered(&self) -> Recovered {
        self.parts.recovered
    }

    /// What the scrub has read of the disk since the start, and how much of it is damaged.
    pub fn scrubbed(&self) -> Scrubbed {
        *self.parts.shared.scrubbed.borrow()
    }

    /// Which alarms are on: while any is, nobody who publishes is read.
    pub fn alarms(&self) -> Alarms {
        *self.parts.shared.alarms.borrow()
    }

    /// How many connections there are, those in the handshake included.
    pub fn connections(&self) -> usize {
        self.parts.shared.admission.connections()
    }

    /// Starts or stops tracing a virtual host: while it is on, the exchange `amq.rabbitmq.trace` gets
    /// a copy of all that is published and delivered there. False if there is no such host.
    pub fn trace(&self, virtual_host: &str, is_on: bool) -> bool {
        let host = self.parts.shared.hosts.ingress(&ShortStr::truncated(virtual_host));
        host.inspect(|host| host.brief(Input::Trace { is_on })).is_some()
    }

    /// How many connections were closed because their task panicked. Always 0, if we did our work.
    pub fn connection_panics(&self) -> u64 {
        self.parts.shared.panics.load(Ordering::Relaxed)
    }

    /// Connects from within the process: the returned stream speaks AMQP 0-9-1 like a socket does, and
    /// counts as coming from this machine. Must be called within a tokio runtime.
    pub fn connect(&self) -> DuplexStream {
        self.connect_as(Peer::Process)
    }

    /// As [`Broker::connect`], but seeming to come from an address; for tests of who may come from where.
    #[doc(hidden)]
    pub fn connect_from(&self, address: SocketAddr) -> DuplexStream {
        self.connect_as(Peer::Address(address))
    }

    fn connect_as(&self, peer: Peer) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        connection::spawn(theirs, Door::in_process().visitor(peer, None), &self.parts.shared);
        ours
    }

    /// Comes back if the broker can go on no longer, and never otherwise. It confirms nothing from
    /// then on and closes its connections; its owner should shut it down and end.
    pub async fn failed(&self) -> Failure {
        self.parts.shared.lifecycle.watch().failed().await
    }

    /// Copies the data directory into a directory that is empty or not there, while the broker goes on.
    ///
    /// All that was confirmed before the call is in the copy, which a broker can be started on. It is
    /// whole when this comes back; one that failed half-way is refused by a start. One at a time, and
    /// at 64 MiB a second: the broker's own writes go to the same disk.
    pub async fn backup(&self, target: &Path) -> Result<Backup, BackupError> {
        backup::run(&self.parts.shared, target, backup::RATE_DEFAULT).await
    }

    /// Stops accepting, closes every connection with 320 `CONNECTION_FORCED`, makes the log durable,
    /// and lets go of the data directory. Tells what failed, if anything did before or on the way.
    pub async fn shutdown(self) -> Option<Failure> {
        let Parts { shared, tasks, threads_ended, .. } = self.parts;
        let lifecycle = shared.lifecycle.clone();
        shared.lifecycle.stop();
        shared.admission.all_left().await;
        // The engines' tasks end when the last way into them is gone.
        let engines = shared.hosts.close();
        drop(shared);
        for engine in engines {
            // A panic there has ended the process.
            engine.await.ok();
        }
        for task in tasks {
            // A panic there has ended the process, or is one of a listener, which holds nothing.
            task.await.ok();
        }
        for ended in threads_ended {
            ended.await.ok();
        }
        lifecycle.failure()
    }
}

#[derive(Debug)]
struct StopOnDrop(Lifecycle);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
