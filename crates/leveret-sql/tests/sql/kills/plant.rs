//! All that is killed: an application, its broker, its database.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use futures_util::future::try_join_all;
use leveret_client::{
    Connection, Properties, Publish, QueueDeclare, QueueDeclared, QueueDelete, ShortStr,
};
use tempfile::TempDir;

use super::parts::{BROKER, FILE};
use super::process::Process;

pub(super) const JOBS: &str = "jobs";
pub(super) const RESULTS: &str = "results";

/// What a kill kills.
#[derive(Debug, Clone, Copy)]
pub(super) enum Victim {
    App,
    Broker,
    Database,
    AppAndBroker,
    All,
}

/// A broker of our own, in a process of its own.
#[derive(Debug)]
struct Ours {
    process: Option<Process>,
    address: String,
    folder: TempDir,
}

#[derive(Debug)]
pub(super) struct Plant {
    url: String,
    ours: Option<Ours>,
    part: &'static str,
    settings: Vec<(&'static str, String)>,
    app: Option<Process>,
    /// The folder of `.ci/postgres`.
    database: Option<PathBuf>,
}

impl Plant {
    /// With a broker of our own, that may be killed.
    pub(super) async fn ours(part: &'static str, settings: Vec<(&'static str, String)>) -> Self {
        let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = place.local_addr().unwrap().to_string();
        drop(place);
        let url = format!("amqp://guest:guest@{address}/%2f");
        let ours = Ours { process: None, address, folder: tempfile::tempdir().unwrap() };
        let mut plant = Self { url, ours: Some(ours), part, settings, app: None, database: None };
        plant.start_broker();
        plant.declare().await;
        plant
    }

    /// At a broker that stays.
    pub(super) async fn at(url: String, part: &'static str) -> Self {
        let plant = Self { url, ours: None, part, settings: Vec::new(), app: None, database: None };
        plant.delete().await;
        plant.declare().await;
        plant
    }

    pub(super) fn with_database(mut self, folder: PathBuf) -> Self {
        self.database = Some(folder);
        self
    }

    /// A connection, once there is a broker.
    pub(super) async fn connect(&self) -> Connection {
        loop {
            match Connection::open(&self.url).await {
                Ok(connection) => return connection,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    async fn declare(&self) {
        let connection = self.connect().await;
        let channel = connection.channel().await.unwrap();
        for queue in [JOBS, RESULTS] {
            let name = ShortStr::from_static(queue);
            let declare = QueueDeclare { name, durable: true, ..QueueDeclare::default() };
            channel.queue_declare(&declare).await.unwrap();
        }
        connection.close().await;
    }

    async fn delete(&self) {
        let connection = self.connect().await;
        let channel = connection.channel().await.unwrap();
        for queue in [JOBS, "jobs.dead", RESULTS] {
            let name = ShortStr::from_static(queue);
            channel.queue_delete(&QueueDelete { name, ..QueueDelete::default() }).await.unwrap();
        }
        connection.close().await;
    }

    /// Publishes the numbers from zero, each so many times under one id; returns when all are safe.
    pub(super) async fn publish(&self, numbers: u64, times: u64) {
        let connection = self.connect().await;
        let channel = connection.channel().await.unwrap();
        channel.confirm_select().await.unwrap();
        let mut confirms = Vec::new();
        for number in (0..numbers).flat_map(|number| (0..times).map(move |_| number)) {
            let id = ShortStr::try_from(number.to_string()).unwrap();
            let publish = Publish {
                routing_key: ShortStr::from_static(JOBS),
                properties: Properties::builder().delivery_mode(2).message_id(id).build(),
                body: number.to_string().into(),
                ..Publish::default()
            };
            confirms.push(channel.publish(publish).await.unwrap());
        }
        try_join_all(confirms).await.unwrap();
        connection.close().await;
    }

    /// How many messages are ready in a queue, once nobody consumes from it who was killed.
    pub(super) async fn ready(&self, queue: &'static str) -> Option<u32> {
        loop {
            let found = self.look(queue).await?;
            if self.app.is_some() || found.consumers == 0 {
                return Some(found.messages);
            }
        }
    }

    async fn look(&self, queue: &'static str) -> Option<QueueDeclared> {
        let connection = Connection::open(&self.url).await.ok()?;
        let channel = connection.channel().await.ok()?;
        let name = ShortStr::from_static(queue);
        let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        let found = channel.queue_declare(&passive).await.ok();
        connection.close().await;
        found
    }

    pub(super) fn start_app(&mut self) {
        let mut settings = self.settings.clone();
        settings.push((BROKER, self.url.clone()));
        self.app = Some(Process::of(self.part, &settings));
    }

    /// Starts the application again if it ended by itself: it may, when what it needs is away.
    pub(super) fn tend(&mut self) {
        if self.app.as_mut().is_some_and(Process::has_ended) {
            self.start_app();
        }
    }

    pub(super) fn kill_app(&mut self) {
        if let Some(app) = self.app.take() {
            app.kill();
        }
    }

    fn start_broker(&mut self) {
        let Some(ours) = &mut self.ours else { return };
        let folder = ours.folder.path().to_str().unwrap().to_owned();
        let process = match std::env::var("LEVERET_BIN") {
            Err(_) => Process::of("broker", &[(BROKER, ours.address.clone()), (FILE, folder)]),
            Ok(command) => {
                let mut command = Command::new(command);
                command.args(["broker", "--listen", &ours.address, "--data-dir", &folder]);
                Process::start(command)
            }
        };
        ours.process = Some(process);
    }

    fn kill_broker(&mut self) {
        if let Some(process) = self.ours.as_mut().and_then(|ours| ours.process.take()) {
            process.kill();
        }
    }

    /// `kill` or `again`.
    fn database(&self, action: &str) {
        let Some(folder) = &self.database else { return };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.ci/postgres");
        let mut command = Command::new(script);
        command.arg(action).arg(folder).stdin(Stdio::null()).stdout(Stdio::null());
        assert!(command.stderr(Stdio::null()).status().unwrap().success(), "{action}");
    }

    /// Kills, and starts again what was killed.
    pub(super) fn strike(&mut self, victim: Victim) {
        let (app, broker, database) = match victim {
            Victim::App => (true, false, false),
            Victim::Broker => (false, true, false),
            Victim::Database => (false, false, true),
            Victim::AppAndBroker => (true, true, false),
            Victim::All => (true, true, true),
        };
        if app {
            self.kill_app();
        }
        if broker {
            self.kill_broker();
        }
        if database {
            self.database("kill");
            self.database("again");
        }
        if broker {
            self.start_broker();
        }
        if app {
            self.start_app();
        }
    }

    pub(super) async fn end(mut self) {
        self.kill_app();
        if self.ours.is_none() {
            self.delete().await;
        }
        self.kill_broker();
    }
}
