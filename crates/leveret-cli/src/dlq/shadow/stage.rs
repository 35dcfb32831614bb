//! A broker in memory and the command that is tried on it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use leveret_broker::Broker;
use leveret_client::{AckMode, ConnectOptions, Delivery, Publish, ShortStr};
use leveret_topology::{Live, Plan, Snapshot, Topology};
use tokio::time::{Instant, sleep};

use super::{
    super::{failure::DlqFailure, scan::Found},
    outcome::Outcome,
};
use crate::{
    messages::{Failure, Session},
    topology::{Applying, DeletingArgs, Management},
    web::TrustArgs,
};

/// How often the broker is asked what has become of a message.
const PACE: Duration = Duration::from_millis(20);

/// A free port of this machine.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What plays the world for the command.
pub(super) struct Stage {
    broker: Broker,
    session: Session,
    management: Arc<Management>,
    command: Child,
    patience: Duration,
}

impl Stage {
    pub(super) async fn open(
        command: &str,
        topology: Option<&Path>,
        patience: Duration,
    ) -> Result<Self, DlqFailure> {
        let failed = |text: String| DlqFailure::Shadow(text);
        let broker = Broker::builder().in_memory().listen(ADDRESS).admin_listen(ADDRESS);
        let broker = broker.start().await.map_err(|error| failed(error.to_string()))?;
        let address = broker.local_addrs().first().copied().unwrap_or(ADDRESS);
        let admin = broker.admin_addr().unwrap_or(ADDRESS);
        let url = format!("amqp://guest:guest@{address}/%2F");
        let options = ConnectOptions::from_uri(&url).map_err(Failure::from)?;
        let management =
            Management::at(&format!("guest:guest@{admin}"), &TrustArgs::default(), &options)
                .map_err(|error| failed(error.to_string()))?;
        let session = Session::connect(&options).await?;
        if let Some(path) = topology {
            declare(&session, path).await?;
        }
        session.channel.confirm_select().await.map_err(Failure::from)?;
        let command = Command::new("sh")
            .args(["-c", &format!("exec {command}")])
            .env("AMQP_URL", &url)
            .env("LEVERET_SHADOW", "1")
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .spawn()
            .map_err(|error| failed(format!("it cannot be started: {error}")))?;
        let management = Arc::new(management);
        Ok(Self { broker, session, management, command, patience })
    }

    /// Gives it one message, and waits until all is settled that the command consumes.
    pub(super) async fn try_one(
        &self,
        letter: &Found,
        publish: Publish,
    ) -> Result<Outcome, DlqFailure> {
        let queue = publish.routing_key.to_string_lossy().into_owned();
        let has_consumer =
            |live: &Snapshot| live.states.get(&queue).is_some_and(|state| state.consumers > 0);
        if self.wait(has_consumer).await?.is_none() {
            let within = self.patience.as_millis();
            let text = format!("it did not consume from queue `{queue}` within {within} ms");
            return Err(DlqFailure::Shadow(text));
        }
        let to = publish.routing_key.clone();
        let sent = self.session.channel.publish_and_confirm(publish).await;
        sent.map_err(|source| DlqFailure::Send { to, sent: 0, source: Box::new(source) })?;
        let is_settled = |live: &Snapshot| {
            live.states.values().all(|state| state.consumers == 0 || state.messages == 0)
        };
        let Some(live) = self.wait(is_settled).await? else { return Ok(Outcome::unanswered()) };
        let mut found = Vec::new();
        for (name, state) in &live.states {
            if state.consumers == 0 && state.messages > 0 {
                found.extend(self.taken(name).await?);
            }
        }
        Ok(Outcome::of(letter, found))
    }

    async fn taken(&self, queue: &str) -> Result<Vec<(String, Delivery)>, DlqFailure> {
        let mut taken = Vec::new();
        let name = ShortStr::truncated(queue);
        let get = || self.session.channel.get(name.clone(), AckMode::NoAck);
        while let Some(got) = get().await.map_err(Failure::from)? {
            taken.push((queue.to_owned(), got.delivery));
        }
        Ok(taken)
    }

    /// Asks until it is so; nothing when the patience is at its end.
    async fn wait(
        &self,
        is_so: impl Fn(&Snapshot) -> bool,
    ) -> Result<Option<Snapshot>, DlqFailure> {
        let until = Instant::now() + self.patience;
        while Instant::now() < until {
            let management = Arc::clone(&self.management);
            // The broker that answers lives on this thread.
            let asked = tokio::task::spawn_blocking(move || management.snapshot()).await;
            let failed = |error: String| DlqFailure::Shadow(error);
            let live = asked.map_err(|error| failed(error.to_string()))?;
            let live = live.map_err(|error| failed(error.to_string()))?;
            if is_so(&live) {
                return Ok(Some(live));
            }
            sleep(PACE).await;
        }
        Ok(None)
    }

    pub(super) async fn close(mut self) {
        // It may have ended by itself.
        self.command.kill().ok();
        self.command.wait().ok();
        self.session.close().await;
        self.broker.shutdown().await;
    }
}

async fn declare(session: &Session, path: &Path) -> Result<(), DlqFailure> {
    let failed = |text: String| DlqFailure::Shadow(text);
    let text = std::fs::read_to_string(path)
        .map_err(|source| Failure::File { path: path.to_owned(), source })?;
    let topology = Topology::from_toml(path, &text).map_err(|error| failed(error.to_string()))?;
    let plan = Plan::of(&topology, &Live::Whole(Snapshot::default()));
    let deleting = DeletingArgs::default();
    let applying =
        Applying { connection: &session.connection, management: None, deleting, is_told: false };
    applying.apply(&plan).await.map_err(|error| failed(error.to_string()))?;
    Ok(())
}
