//! From a plan to a running application.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use leveret::{App, Endpoint, RunningApp, SettlementPlan, StopError};
use leveret_broker::{Broker, Store};

use crate::plan::{Consumer, Doors, Plan};
use crate::reload::{Held, Reloaded};
use crate::schedule;
use crate::show::Setting;

/// Where the embedded broker keeps its data unless told otherwise.
const DATA_DIR_DEFAULT: &str = "leveret-data";

/// A run file that runs.
#[derive(Debug)]
pub struct Running {
    app: RunningApp,
    broker: Option<Broker>,
    held: Held,
}

/// A plan does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The embedded broker, which others are let in to, does not start.
    #[error("the embedded broker does not start")]
    Broker(#[from] leveret_broker::StartError),
    /// The application does not.
    #[error(transparent)]
    App(#[from] leveret::StartError),
}

impl Plan {
    /// The application's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every setting, and where it comes from.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// What the log shows, if the file says: `off`, `error`, `warn`, `info`, `debug`, `trace`.
    pub fn log_level(&self) -> Option<&str> {
        self.config.log_level.as_deref()
    }

    /// How the log looks, if the file says.
    pub fn log_format(&self) -> Option<leveret::LogFormat> {
        self.config.log_format
    }

    /// Starts everything; returns when the consumers consume.
    pub async fn start(mut self) -> Result<Running, StartError> {
        let broker = match self.doors.take() {
            Some(doors) => Some(self.let_in(doors).await?),
            None => None,
        };
        let held = Held::of(&self);
        Ok(Running { app: self.app().start().await?, broker, held })
    }

    /// Starts the embedded broker with its doors open, and connects to it by one of them.
    async fn let_in(&mut self, doors: Doors) -> Result<Broker, StartError> {
        let directory = match self.config.connection.take() {
            Some(Endpoint::Directory(path)) => Some(path),
            None => Some(PathBuf::from(DATA_DIR_DEFAULT)),
            Some(_) => None,
        };
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut config = leveret_broker::Config::default();
        config.listen = if doors.listen.is_empty() { vec![local] } else { doors.listen };
        config.admin_listen = doors.admin_listen;
        config.store = match &directory {
            Some(path) => Store::Directory(path.join("broker")),
            None => Store::Memory,
        };
        let broker = Broker::builder().config(config).start().await?;
        let mut address = broker.local_addrs().first().copied().unwrap_or(local);
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        let address = format!("amqp://guest:guest@{address}/%2f");
        self.config.connection = Some(Endpoint::Address(address));
        let inbox = directory.map(|path| path.join("inbox.redb"));
        self.inbox_file = self.inbox_file.take().or(inbox);
        Ok(broker)
    }

    fn app(self) -> App {
        let mut app = App::new(self.name).configure(self.config);
        if let Some(grace) = self.grace {
            app = app.grace(grace);
        }
        if let Some(path) = self.inbox_file {
            app = app.inbox_file(path);
        }
        if let Some(address) = self.metrics {
            app = app.metrics(address);
        }
        if let Some(server) = self.control {
            app = app.control(server);
        }
        for (name, kind) in self.topology.exchanges {
            app = app.exchange(name, kind.as_str());
        }
        app = self.topology.queues.into_iter().fold(app, App::queue);
        for (queue, exchange, key) in self.topology.bindings {
            app = app.bind(queue, exchange, key);
        }
        app = self.consumers.into_iter().map(Consumer::into_handler).fold(app, App::handler);
        for schedule in self.schedules {
            let name = format!("schedule:{}", schedule.name);
            let schedule = Arc::new(schedule);
            app = app.listener(name, move |context| schedule::keep(schedule.clone(), context));
        }
        app
    }
}

impl Running {
    /// How messages are settled, and what may go wrong.
    pub fn settlement_plan(&self) -> &SettlementPlan {
        self.app.settlement_plan()
    }

    /// Where the embedded broker listens, if others are let in.
    pub fn addresses(&self) -> &[SocketAddr] {
        self.broker.as_ref().map_or(&[], Broker::local_addrs)
    }

    /// Where metrics are served, if they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.app.metrics_address()
    }

    /// Where control is served, if it is.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.app.control_address()
    }

    /// Takes over what can be changed while it runs, from the file as it was read again:
    /// concurrency and pauses of consumers, and the log's level, by `set_level`, which says whether
    /// it could. A consumer that the file has no more takes nothing more. All else needs a restart.
    pub fn reload(&mut self, plan: &Plan, set_level: &dyn Fn(&str) -> bool) -> Reloaded {
        self.app.monitor().count_reload(true);
        self.held.take_over(plan, &self.app.control(), set_level)
    }

    /// Counts, in the metrics, a file that was read again and is wrong.
    pub fn refuse_reload(&self) {
        self.app.monitor().count_reload(false);
    }

    /// Waits until it cannot go on by itself, and says why.
    pub async fn failed(&mut self) -> StopError {
        let Some(broker) = &self.broker else { return self.app.failed().await };
        tokio::select! {
            error = self.app.failed() => error,
            failure = broker.failed() => StopError::Broker(failure.to_string()),
        }
    }

    /// Drains: what is in hand is finished, what was not begun goes back, connections close.
    pub async fn shutdown(self) -> Result<(), StopError> {
        let stopped = self.app.shutdown().await;
        if let Some(broker) = self.broker {
            broker.shutdown().await;
        }
        stopped
    }
}
