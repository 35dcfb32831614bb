//! An application that runs: publish from outside, look at it, stop it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use leveret_client::{ChannelError, ConnectError, Connection, QueueDeclare, RpcClient, RpcOptions};
use leveret_protocol::ShortStr;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{info, warn};

use super::Hook;
use super::error::StopError;
use super::probe::Probes;
use super::settlement::SettlementPlan;
use crate::bell::Bell;
use crate::control::Control;
use crate::embedded::Embedded;
use crate::endpoint::Endpoint;
use crate::link::{Apart, Link};
use crate::metrics::Monitor;
use crate::phase::{Phase, PhaseTeller};
use crate::publisher::Publisher;
use crate::stats::Stats;

/// How often queues are looked at while waiting for idleness.
const IDLE_LOOK: Duration = Duration::from_millis(25);

/// How many looks in a row must find everything at rest.
const IDLE_LOOKS: u32 = 3;

/// A running application. Dropped, it stops at once; [`shutdown`](RunningApp::shutdown) is the graceful way.
pub struct RunningApp {
    pub(super) name: String,
    pub(super) grace: Duration,
    pub(super) on_stop: Vec<Hook>,
    pub(super) publisher: Publisher,
    pub(super) failed: mpsc::Receiver<StopError>,
    pub(super) plan: SettlementPlan,
    pub(super) phase: PhaseTeller,
    pub(super) workers: JoinSet<()>,
    pub(super) readers: JoinSet<()>,
    pub(super) services: JoinSet<()>,
    /// By the names of the connections to them.
    pub(super) brokers: Vec<(String, Embedded)>,
    pub(super) links: BTreeMap<String, Link>,
    /// Connection and queue of each handler.
    pub(super) queues: Vec<(String, String)>,
    pub(super) monitor: Monitor,
    pub(super) bell: Arc<Bell>,
    pub(super) probes: Probes,
    pub(super) metrics_address: Option<std::net::SocketAddr>,
    pub(super) control: Control,
    pub(super) control_address: Option<std::net::SocketAddr>,
    pub(super) endpoint: Endpoint,
}

impl RunningApp {
    /// Publishes from outside of handlers, to the broker of the unnamed connection; each message
    /// is confirmed.
    ///
    /// To a broker elsewhere it has a connection of its own, opened with the first message: when
    /// the broker takes none, as it is short of memory or disk, handlers go on.
    pub fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    /// Calls servers over the unnamed connection, as it is now: when that is lost, its calls fail,
    /// and a new client is needed. Nothing while there is no connection.
    ///
    /// ```
    /// # use leveret::{App, EncodeError, Handler, Json, Reply, RpcOptions};
    /// async fn add(Json((a, b)): Json<(i64, i64)>) -> Result<Reply, EncodeError> {
    ///     Reply::json(&(a + b))
    /// }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let running = App::new("sums").in_memory().handler(Handler::new("sums", add)).start().await?;
    /// let client = running.rpc_client(RpcOptions::default()).ok_or("no connection")?;
    /// let sum: i64 = client.call("sums", &(2, 3)).await?;
    /// assert_eq!(sum, 5);
    /// # running.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn rpc_client(&self, options: RpcOptions) -> Option<RpcClient> {
        let generation = self.links.get(super::DEFAULT_CONNECTION)?.current()?;
        Some(RpcClient::new(&generation.connection, options))
    }

    /// Opens a connection of the caller's own to the broker of the unnamed connection, also to the
    /// one inside the program; it is opened once, and nobody else sees it.
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        Apart::of(&self.brokers, super::DEFAULT_CONNECTION, &self.endpoint).connect().await
    }

    /// How messages are settled on the brokers it runs on, and what may go wrong there.
    pub fn settlement_plan(&self) -> &SettlementPlan {
        &self.plan
    }

    /// What has happened so far.
    pub fn stats(&self) -> Stats {
        self.monitor.stats()
    }

    /// Waits until the counts are as wanted; looked at whenever a message begins or is settled.
    pub async fn wait_until(&self, wanted: impl Fn(&Stats) -> bool) {
        self.bell.until(|| wanted(&self.stats()).then_some(())).await;
    }

    /// Waits until all queues of handlers are empty, nothing is in hand, nothing that this
    /// application has postponed is still to come back, and nothing else has work to do
    /// ([`App::idle_when`](crate::App::idle_when)).
    ///
    /// For one-shot programs and tests: whatever is published later, or elsewhere, does not count.
    pub async fn idle(&self) {
        let mut looks = 0;
        let mut before = self.stats();
        while looks < IDLE_LOOKS {
            let is_empty = self.is_empty().await;
            let now = self.stats();
            let is_still = now == before && now.handlers.values().all(|stats| stats.in_flight == 0);
            looks = if is_empty && is_still { looks + 1 } else { 0 };
            before = now;
            tokio::time::sleep(IDLE_LOOK).await;
        }
    }

    /// How many messages are ready in a queue of the unnamed connection; dead letters, for example.
    ///
    /// Nothing if the queue does not exist or there is no connection.
    pub async fn messages_ready(&self, queue: &str) -> Option<u32> {
        self.ready(super::DEFAULT_CONNECTION, queue).await
    }

    /// Waits until the application cannot go on by itself, and says why.
    pub async fn failed(&mut self) -> StopError {
        match self.failed.recv().await {
            Some(error) => error,
            // Everything that can fail is still running.
            None => std::future::pending().await,
        }
    }

    /// Stops gracefully: nothing new is begun, what is in hand is finished within the grace time,
    /// what was delivered and not begun goes back to its queue, connections close.
    pub async fn shutdown(mut self) -> Result<(), StopError> {
        info!(app = %self.name, "stopping");
        self.phase.advance(Phase::Draining);
        // A file whose message is not confirmed stays where it is.
        self.readers.shutdown().await;
        let finished =
            timeout(self.grace, async { while self.workers.join_next().await.is_some() {} });
        let result = finished.await.map_err(|_| {
            let stats = self.monitor.stats();
            let in_flight = stats.handlers.values().map(|stats| stats.in_flight).sum();
            StopError::DeadlinePassed { in_flight, grace: self.grace }
        });
        self.workers.shutdown().await;
        for hook in std::mem::take(&mut self.on_stop) {
            if let Err(error) = hook(self.publisher.clone()).await {
                warn!(%error, "stop hook failed");
            }
        }
        self.phase.advance(Phase::Stopped);
        while self.services.join_next().await.is_some() {}
        for link in self.links.values() {
            let outlet = link.outlet.as_ref().and_then(|outlet| outlet.link().current());
            for generation in link.current().into_iter().chain(outlet) {
                generation.connection.close().await;
            }
        }
        for (_, broker) in self.brokers {
            broker.stop().await;
        }
        info!(app = %self.name, "stopped");
        result
    }

    async fn is_empty(&self) -> bool {
        for (connection, queue) in &self.queues {
            if self.ready(connection, queue).await != Some(0) {
                return false;
            }
        }
        !self.monitor.is_holding_back() && self.probes.are_idle().await
    }

    pub(super) async fn ready(&self, connection: &str, queue: &str) -> Option<u32> {
        let generation = self.links.get(connection)?.current()?;
        let passive = QueueDeclare {
            name: ShortStr::try_from(queue).ok()?,
            passive: true,
            ..QueueDeclare::default()
        };
        let looked: Result<u32, ChannelError> = async {
            let channel = generation.connection.channel().await?;
            let declared = channel.queue_declare(&passive).await?;
            channel.close().await;
            Ok(declared.messages)
        }
        .await;
        looked.ok()
    }
}

impl std::fmt::Debug for RunningApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunningApp").field("name", &self.name).finish_non_exhaustive()
    }
}
