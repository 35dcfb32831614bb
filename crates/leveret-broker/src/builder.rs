//! How a broker is set up from code.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use leveret_journal::SimDisk;

use crate::{
    alarm::{AlarmSettings, Gauge},
    broker::Broker,
    config::{Config, Listener, Store},
    limits::Limits,
    start::{self, StartError},
    tls::TlsConfig,
    users::User,
};

/// A broker to be started.
///
/// Without further words it keeps messages in `./leveret-data`, has the virtual host `/` and the user
/// `guest`, and listens nowhere: [`Broker::connect`] is the only way in.
#[derive(Clone)]
pub struct Builder {
    config: Config,
    simulated: Option<SimDisk>,
    gauge: Option<Arc<dyn Gauge>>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Default for Builder {
    fn default() -> Self {
        let config = Config { listen: Vec::new(), ..Config::default() };
        Self { config, simulated: None, gauge: None }
    }
}

impl Broker {
    /// The way to a running broker: says where messages are kept and who may come.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Takes a whole configuration, such as one read from a file.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Keeps messages in this directory, which is made if it is missing.
    #[must_use]
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.store = Store::Directory(path.into());
        self
    }

    /// Keeps messages in memory: they are gone when the broker stops.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.config.store = Store::Memory;
        self
    }

    /// Listens on one more address; port 0 takes any free one.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.config.listen.push(address);
        self
    }

    /// Listens with an offer of its own: with TLS, or with other login mechanisms.
    #[must_use]
    pub fn listener(mut self, listener: Listener) -> Self {
        self.config.listeners.push(listener);
        self
    }

    /// Sets the certificate for the listeners that speak TLS.
    #[must_use]
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.config.tls = Some(tls);
        self
    }

    /// Answers the HTTP admin API at this address; port 0 takes any free one.
    #[must_use]
    pub fn admin_listen(mut self, address: SocketAddr) -> Self {
        self.config.admin_listen = Some(address);
        self
    }

    /// Lets one more user in; the first takes the place of `guest`.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.config.users.push(user);
        self
    }

    /// Has one more virtual host beside `/`.
    #[must_use]
    pub fn virtual_host(mut self, name: impl Into<String>) -> Self {
        self.config.virtual_hosts.push(name.into());
        self
    }

    /// Sets the bounds that a peer can run into.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// Keeps messages on a disk that can lose power; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn simulated_disk(mut self, disk: SimDisk) -> Self {
        self.simulated = Some(disk);
        self
    }

    /// Sets when nobody may publish.
    #[must_use]
    pub fn alarms(mut self, alarms: AlarmSettings) -> Self {
        self.config.alarms = alarms;
        self
    }

    /// Raises alarms by another gauge than this machine.
    #[must_use]
    pub fn gauge(mut self, gauge: impl Gauge + 'static) -> Self {
        self.gauge = Some(Arc::new(gauge));
        self
    }

    /// Starts the broker; what it kept is back before this returns.
    pub async fn start(self) -> Result<Broker, StartError> {
        start::start(self.config, self.simulated, self.gauge).await.map(Broker::new)
    }
}
