//! The application: handlers, what they share, and the brokers they speak to.

mod attempts;
mod control;
mod description;
mod error;
mod guarantee;
mod layer;
mod listener;
mod manner;
mod monitoring;
mod mount;
mod partitions;
mod plan;
mod probe;
#[cfg(feature = "test-kit")]
mod rest;
mod run;
mod running;
mod settlement;
mod start;
mod topology;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use crate::config::{Config, HandlerConfig};
use crate::control::ControlServer;
use crate::endpoint::Endpoint;
use crate::failure::{Classify, Failure};
use crate::files::{FileSink, FileSource};
use crate::handler::{Handler, IntoHandler, Wrap};
use crate::listener::Listener;
use crate::logging::Logging;
use crate::publisher::Publisher;
use crate::shared::Shared;

pub use description::{BindingDescription, Description, HandlerDescription};
pub use error::{RunError, StartError, StopError};
pub use running::RunningApp;
pub use settlement::{HandlerPlan, SettlementPlan};

/// How long messages in hand get to be finished when the application stops, unless told otherwise.
const GRACE_DEFAULT: Duration = Duration::from_secs(30);

/// Where the embedded broker keeps its data unless told otherwise.
const DATA_DIR_DEFAULT: &str = "leveret-data";

/// The unnamed connection's name in logs.
pub(crate) const DEFAULT_CONNECTION: &str = "default";

type Hook = Box<
    dyn FnOnce(Publisher) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>
        + Send
        + Sync,
>;

/// An application: handlers, what they share, and the brokers they speak to.
///
/// Without [`connect`](App::connect) the broker runs inside the program and keeps its data in
/// the directory `leveret-data`.
///
/// ```
/// use leveret::{App, Handler, Publish, State, Text};
///
/// async fn greet(State(greeting): State<&'static str>, Text(name): Text) -> Publish {
///     Publish::to_queue("greetings").text(format!("{greeting}, {name}"))
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::new("greeter")
///     .in_memory()
///     .state("Hello")
///     .handler(Handler::new("names", greet).concurrency(4))
///     .handler(Handler::new("greetings", |Text(text): Text| async move {
///         assert_eq!(text, "Hello, Ann");
///     }).named("check"));
/// let running = app.start().await?;
/// running.publisher().publish(Publish::to_queue("names").text("Ann")).await?;
/// running.idle().await;
/// assert_eq!(running.stats().handler("check").handled, 1);
/// running.shutdown().await?;
/// # Ok(())
/// # }
/// ```
///
/// As a program of its own it ends with [`App::run`], which returns when it is asked to stop.
pub struct App {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) shared: Shared,
    pub(crate) endpoint: Endpoint,
    pub(crate) connections: BTreeMap<String, Endpoint>,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) sources: Vec<FileSource>,
    pub(crate) handler_configs: BTreeMap<String, HandlerConfig>,
    pub(crate) inbox_file: Option<PathBuf>,
    pub(crate) grace: Duration,
    pub(crate) must_lose_nothing: bool,
    probes: probe::Probes,
    pub(crate) layers: Vec<Wrap>,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) on_start: Vec<Hook>,
    pub(crate) on_stop: Vec<Hook>,
    pub(crate) logging: Logging,
    pub(crate) metrics_address: Option<std::net::SocketAddr>,
    pub(crate) control_server: Option<ControlServer>,
    /// What is declared besides what handlers need.
    pub(crate) declarations: Vec<crate::link::Declaration>,
    #[cfg(feature = "test-kit")]
    pub(crate) relay: Option<std::sync::Arc<crate::relay::Relay>>,
}

impl App {
    /// An application of this name: it is the `app-id` of what it publishes.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            shared: Shared::new(&name),
            name,
            version: String::new(),
            endpoint: Endpoint::Directory(DATA_DIR_DEFAULT.into()),
            connections: BTreeMap::new(),
            handlers: Vec::new(),
            sources: Vec::new(),
            handler_configs: BTreeMap::new(),
            inbox_file: None,
            grace: GRACE_DEFAULT,
            must_lose_nothing: false,
            probes: probe::Probes::default(),
            layers: Vec::new(),
            listeners: Vec::new(),
            on_start: Vec::new(),
            on_stop: Vec::new(),
            logging: Logging::default(),
            metrics_address: None,
            control_server: None,
            declarations: Vec::new(),
            #[cfg(feature = "test-kit")]
            relay: None,
        }
    }

    /// The application's version, told in its dead letters.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Uses this broker: an address (`amqp://…`) or an [`Endpoint`].
    #[must_use]
    pub fn connect(mut self, endpoint: impl Into<Endpoint>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// Uses the broker inside the program, keeping its data in this directory.
    #[must_use]
    pub fn data_dir(self, directory: impl Into<PathBuf>) -> Self {
        self.connect(Endpoint::Directory(directory.into()))
    }

    /// Uses the broker inside the program, forgetting everything at the end: for tests.
    #[must_use]
    pub fn in_memory(self) -> Self {
        self.connect(Endpoint::Memory)
    }

    /// One more connection, for handlers that name it with [`Handler::on_connection`].
    #[must_use]
    pub fn connection(mut self, name: impl Into<String>, endpoint: impl Into<Endpoint>) -> Self {
        self.connections.insert(name.into(), endpoint.into());
        self
    }

    /// A value that handlers take as `State<T>`; one of each type.
    #[must_use]
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.shared.put_state(value);
        self
    }

    /// Settings that handlers take as `Settings<T>`; these win over the configuration file.
    #[must_use]
    pub fn settings<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.shared.put_settings(value);
        self
    }

    /// What a configuration file says: it wins over what was given before.
    #[must_use]
    pub fn configure(mut self, config: Config) -> Self {
        if let Some(endpoint) = config.connection {
            self.endpoint = endpoint;
        }
        self.connections.extend(config.connections);
        self.must_lose_nothing |= config.no_loss;
        self.logging.level = config.log_level.or(self.logging.level);
        self.logging.format = config.log_format.or(self.logging.format);
        self.shared.message_log = config.log_messages.unwrap_or(self.shared.message_log);
        self.shared.put_settings_table(config.settings);
        self.handler_configs.extend(config.handlers);
        self.sources.extend(config.read);
        config.write.into_iter().fold(self, Self::write_files)
    }

    /// One more handler.
    #[must_use]
    pub fn handler(mut self, handler: impl IntoHandler) -> Self {
        self.handlers.push(handler.into_handler());
        self
    }

    /// Turns the files of a directory into messages for as long as the application runs.
    #[must_use]
    pub fn read_files(mut self, source: FileSource) -> Self {
        self.sources.push(source);
        self
    }

    /// Turns the messages of a queue into files.
    #[must_use]
    pub fn write_files(self, sink: FileSink) -> Self {
        self.handler(sink)
    }

    /// Where the [inbox](crate::inbox) is kept; beside the embedded broker's data unless told otherwise.
    #[must_use]
    pub fn inbox_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.inbox_file = Some(path.into());
        self
    }

    /// How long messages in hand get to be finished when the application stops; 30 s unless told otherwise.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Refuses to start where a message that a publisher was told is safe may be lost, and says
    /// why: see [`HandlerPlan::may_lose`].
    #[must_use]
    pub fn no_loss(mut self) -> Self {
        self.must_lose_nothing = true;
        self
    }

    /// Something that has work of its own, beside queues and handlers: an outbox with messages in
    /// it, for example. [`RunningApp::idle`] and the test kit wait until all of these say that they
    /// have nothing to do. They are asked some forty times a second.
    #[must_use]
    pub fn idle_when<Fut>(mut self, is_idle: impl Fn() -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.probes.add(is_idle);
        self
    }

    /// Runs once everything is declared, before the first message is handled; an error stops the start.
    #[must_use]
    pub fn on_start<Fut, E>(
        mut self,
        hook: impl FnOnce(Publisher) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Classify + 'static,
    {
        self.on_start.push(boxed(hook));
        self
    }

    /// Runs when the last message is finished, before connections close; an error is logged.
    #[must_use]
    pub fn on_stop<Fut, E>(
        mut self,
        hook: impl FnOnce(Publisher) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Classify + 'static,
    {
        self.on_stop.push(boxed(hook));
        self
    }
}

fn boxed<Fut, E>(hook: impl FnOnce(Publisher) -> Fut + Send + Sync + 'static) -> Hook
where
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Classify + 'static,
{
    Box::new(|publisher| {
        let result = hook(publisher);
        Box::pin(async move { result.await.map_err(|error| Failure::of(&error)) })
    })
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("name", &self.name)
            .field("endpoint", &self.endpoint)
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}
