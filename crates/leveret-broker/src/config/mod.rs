//! The broker's settings: as written in file, environment, flags; as they hold.
//!
//! A [`RawConfig`] says only what one source says; later ones overlay earlier ones, and
//! [`RawConfig::resolve`] fills in the defaults and refuses what contradicts itself.

mod address;
mod alarms;
mod document;
mod http;
mod origin;
mod problem;
mod quantity;
mod tls;

use std::{net::SocketAddr, ops::Range, path::PathBuf};

pub use address::parse_address;
use document::{Document, Section};
pub use origin::Origin;
pub(crate) use origin::Origins;
pub use problem::{ConfigError, Problem};
pub use tls::Listener;

use crate::{alarm::AlarmSettings, limits::Limits, secret::Secret, tls::TlsConfig, users::User};

/// A configuration file larger than this is a mistake, not a configuration.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where messages are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// In a directory, durably.
    Directory(PathBuf),
    /// In memory: everything is gone when the broker stops.
    Memory,
}

impl Store {
    /// The directory, if it is one.
    pub(crate) const fn directory(&self) -> Option<&PathBuf> {
        match self {
            Self::Directory(path) => Some(path),
            Self::Memory => None,
        }
    }
}

/// The whole configuration of a broker, checked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The addresses to listen on; a port of 0 takes any free one. None: in-process connections only.
    pub listen: Vec<SocketAddr>,
    /// More addresses to listen on, each with its own offer.
    pub listeners: Vec<Listener>,
    /// The certificate of those that speak TLS.
    pub tls: Option<TlsConfig>,
    /// Where the HTTP admin API listens; `None` is nowhere.
    pub admin_listen: Option<SocketAddr>,
    /// Where messages are kept.
    pub store: Store,
    /// The virtual hosts that must exist; a data directory may hold more.
    pub virtual_hosts: Vec<String>,
    /// Who may log in, beside those whom administrators have made. Without any, `guest` is made at the
    /// first start, with the password `guest` and from this machine only.
    pub users: Vec<User>,
    /// The bounds a peer can run into.
    pub limits: Limits,
    /// When nobody may publish.
    pub alarms: AlarmSettings,
    /// A file of definitions that is imported at each start, before anybody is let in.
    pub load_definitions: Option<PathBuf>,
    /// Whether the HTTP admin API speaks TLS, with the certificate of the listeners.
    pub admin_tls: bool,
    /// Whether `/metrics` wants a login that may see everything.
    pub metrics_login: bool,
}

impl Config {
    /// Everything in it that contradicts itself.
    fn problems(&self) -> Vec<Problem> {
        let mut problems = tls::problems(&self.listeners, self.tls.as_ref());
        if self.admin_tls && self.tls.is_none() {
            problems.push(Problem::whole("`admin_tls` is true without a table `tls`".to_owned()));
        }
        for name in &self.virtual_hosts {
            problems.extend(parse_virtual_host(name).err().map(Problem::whole));
        }
        for (index, user) in self.users.iter().enumerate() {
            let name = &user.name;
            if !(1..=255).contains(&name.len()) {
                problems.push(Problem::whole(format!(
                    "user `{name}` must have a name of 1 to 255 bytes"
                )));
            }
            if self.users.iter().take(index).any(|earlier| earlier.name == *name) {
                problems.push(Problem::whole(format!("user `{name}` is there twice")));
            }
            for virtual_host in user.virtual_hosts.iter().flatten() {
                if !self.virtual_hosts.contains(virtual_host) {
                    problems.push(Problem::whole(format!(
                        "user `{name}` may open the virtual host `{virtual_host}`, which does not exist"
                    )));
                }
            }
        }
        problems
    }

    /// Refuses what contradicts itself, all at once.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self.problems() {
            problems if problems.is_empty() => Ok(()),
            problems => Err(ConfigError::Invalid(problems)),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 5672))],
            listeners: Vec::new(),
            tls: None,
            admin_listen: None,
            store: Store::Directory(PathBuf::from("leveret-data")),
            virtual_hosts: vec!["/".to_owned()],
            users: Vec::new(),
            limits: Limits::default(),
            alarms: AlarmSettings::default(),
            load_definitions: None,
            admin_tls: false,
            metrics_login: false,
        }
    }
}

/// What one source of settings says; everything may be left out.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RawConfig {
    /// Addresses to listen on.
    pub listen: Option<Vec<SocketAddr>>,
    /// Addresses with an offer of their own; where there are some, `listen` has no default.
    pub listeners: Option<Vec<Listener>>,
    /// The certificate for TLS.
    pub tls: Option<TlsConfig>,
    /// The addresses that are opened for TLS beside the others.
    pub tls_listeners: Option<Vec<Listener>>,
    /// Where the HTTP admin API listens.
    pub admin_listen: Option<SocketAddr>,
    /// The directory to keep messages in.
    pub data_dir: Option<PathBuf>,
    /// Whether to keep messages in memory only.
    pub in_memory: Option<bool>,
    /// Virtual hosts that must exist.
    pub virtual_hosts: Option<Vec<String>>,
    /// Who may log in; replaces `guest`.
    pub users: Option<Vec<User>>,
    /// The limits, with defaults where the source is silent.
    pub limits: Option<Limits>,
    /// The marks of the alarms, with defaults where the source is silent.
    pub alarms: Option<AlarmSettings>,
    /// A file of definitions to be imported at each start.
    pub load_definitions: Option<PathBuf>,
    /// Whether the HTTP admin API speaks TLS.
    pub admin_tls: Option<bool>,
    /// Whether metrics want a login.
    pub metrics_login: Option<bool>,
    pub(crate) origins: Origins,
}

impl RawConfig {
    /// Reads a TOML file; all that is wrong in it is told at once. The files of TLS and of definitions
    /// that it names are looked for beside it, if their paths are relative.
    pub fn from_file(path: PathBuf) -> Result<Self, ConfigError> {
        let text = match read(&path) {
            Ok(text) => text,
            Err(source) => return Err(ConfigError::Unreadable { path, source }),
        };
        let mut config = Self::from_toml(&path.display().to_string(), &text)?;
        if let (Some(tls), Some(directory)) = (&mut config.tls, path.parent()) {
            tls.rebase(directory);
        }
        if let (Some(file), Some(directory)) = (&mut config.load_definitions, path.parent()) {
            *file = directory.join(&*file);
        }
        Ok(config)
    }

    /// Reads TOML text; `name` is what the problems call it.
    ///
    /// ```
    /// use leveret_broker::RawConfig;
    ///
    /// let error = RawConfig::from_toml("broker.toml", "lissten = []").unwrap_err();
    /// assert!(error.to_string().contains("did you mean `listen`?"));
    /// ```
    pub fn from_toml(name: &str, text: &str) -> Result<Self, ConfigError> {
        let (mut document, table) = Document::parse(name, text);
        let mut config = read_document(&mut document, table.get_ref());
        config.origins = Origins::of_document(name, text, table.get_ref());
        match document.finish() {
            problems if problems.is_empty() => Ok(config),
            problems => Err(ConfigError::Invalid(problems)),
        }
    }

    /// Reads `LEVERET_BROKER_LISTEN` (addresses parted by commas), `LEVERET_BROKER_DATA_DIR` and
    /// `LEVERET_BROKER_IN_MEMORY` (`true` or `false`). A variable that is empty counts as not set.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut problems = Vec::new();
        let listen = variable("LEVERET_BROKER_LISTEN").map(|value| {
            let mut addresses = Vec::new();
            for part in value.split(',').map(str::trim) {
                match parse_address(part) {
                    Ok(address) => addresses.push(address),
                    Err(message) => problems.push(Problem::named("LEVERET_BROKER_LISTEN", message)),
                }
            }
            addresses
        });
        let in_memory = variable("LEVERET_BROKER_IN_MEMORY").and_then(|value| {
            let parsed = value.parse().ok();
            if parsed.is_none() {
                let message = format!("`{value}` is neither `true` nor `false`");
                problems.push(Problem::named("LEVERET_BROKER_IN_MEMORY", message));
            }
            parsed
        });
        if !problems.is_empty() {
            return Err(ConfigError::Invalid(problems));
        }
        let data_dir = variable("LEVERET_BROKER_DATA_DIR").map(PathBuf::from);
        let mut origins = Origins::default();
        for (key, name, is_set) in [
            ("listen", "LEVERET_BROKER_LISTEN", listen.is_some()),
            ("data_dir", "LEVERET_BROKER_DATA_DIR", data_dir.is_some()),
            ("in_memory", "LEVERET_BROKER_IN_MEMORY", in_memory.is_some()),
        ] {
            if is_set {
                origins.note(key, Origin::Variable(name));
            }
        }
        Ok(Self { listen, data_dir, in_memory, origins, ..Self::default() })
    }

    /// The same settings, said to come from the command line.
    #[must_use]
    pub fn from_flags(mut self) -> Self {
        for (key, flag, is_set) in [
            ("listen", "--listen", self.listen.is_some()),
            ("data_dir", "--data-dir", self.data_dir.is_some()),
            ("in_memory", "--in-memory", self.in_memory.is_some()),
        ] {
            if is_set {
                self.origins.note(key, Origin::Flag(flag));
            }
        }
        self
    }

    /// These settings with those of `over` on top.
    #[must_use]
    pub fn overlay(self, over: Self) -> Self {
        // Where to keep messages is one setting with two names: the later source decides both.
        let store_decided = over.data_dir.is_some() || over.in_memory.is_some();
        let (data_dir, in_memory) = if store_decided {
            (over.data_dir, over.in_memory)
        } else {
            (self.data_dir, self.in_memory)
        };
        Self {
            listen: over.listen.or(self.listen),
            listeners: over.listeners.or(self.listeners),
            tls: over.tls.or(self.tls),
            tls_listeners: over.tls_listeners.or(self.tls_listeners),
            admin_listen: over.admin_listen.or(self.admin_listen),
            data_dir,
            in_memory,
            virtual_hosts: over.virtual_hosts.or(self.virtual_hosts),
            users: over.users.or(self.users),
            limits: over.limits.or(self.limits),
            alarms: over.alarms.or(self.alarms),
            load_definitions: over.load_definitions.or(self.load_definitions),
            admin_tls: over.admin_tls.or(self.admin_tls),
            metrics_login: over.metrics_login.or(self.metrics_login),
            origins: self.origins.overlay(over.origins),
        }
    }

    /// The whole configuration, or everything that contradicts itself.
    pub fn resolve(self) -> Result<Config, ConfigError> {
        let mut problems = Vec::new();
        let default = Config::default();
        let store = match (self.data_dir, self.in_memory.unwrap_or(false)) {
            (Some(path), true) => {
                let path = path.display();
                problems.push(Problem::whole(format!(
                    "`in_memory` is true and `data_dir` is `{path}`: only one can be"
                )));
                Store::Memory
            }
            (Some(path), false) => Store::Directory(path),
            (None, true) => Store::Memory,
            (None, false) => default.store,
        };
        let listen = match &self.listeners {
            None => default.listen,
            Some(_) => Vec::new(),
        };
        let listeners = self.listeners.into_iter().chain(self.tls_listeners).flatten().collect();
        let config = Config {
            listen: self.listen.unwrap_or(listen),
            listeners,
            tls: self.tls,
            admin_listen: self.admin_listen.or(default.admin_listen),
            store,
            virtual_hosts: self.virtual_hosts.unwrap_or(default.virtual_hosts),
            users: self.users.unwrap_or(default.users),
            limits: self.limits.unwrap_or(default.limits),
            alarms: self.alarms.unwrap_or(default.alarms),
            load_definitions: self.load_definitions,
            admin_tls: self.admin_tls.unwrap_or(default.admin_tls),
            metrics_login: self.metrics_login.unwrap_or(default.metrics_login),
        };
        problems.extend(config.problems());
        if problems.is_empty() { Ok(config) } else { Err(ConfigError::Invalid(problems)) }
    }
}

fn read(path: &std::path::Path) -> std::io::Result<String> {
    let found = std::fs::metadata(path)?;
    if found.is_file() && found.len() > FILE_BYTES_MAX {
        let message = format!("it has {} bytes, wanted at most {FILE_BYTES_MAX}", found.len());
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, message));
    }
    std::fs::read_to_string(path)
}

fn read_document<'i>(document: &mut Document<'i>, table: &toml::de::DeTable<'i>) -> RawConfig {
    let mut section = Section::new(document, table);
    let listen = section.list("listen", parse_address);
    let admin_listen = section.parsed("admin_listen", parse_address);
    let data_dir = section.parsed("data_dir", |text| match text {
        "" => Err("`data_dir` is empty, wanted a directory".to_owned()),
        path => Ok(PathBuf::from(path)),
    });
    let load_definitions = section.parsed("load_definitions", |text| match text {
        "" => Err("`load_definitions` is empty, wanted a file".to_owned()),
        path => Ok(PathBuf::from(path)),
    });
    let admin_tls = section.flag("admin_tls");
    let metrics_login = section.flag("metrics_login");
    let in_memory = section.flag("in_memory");
    let virtual_hosts = section.list("virtual_hosts", parse_virtual_host);
    let users = section.sections("users", read_user);
    let limits = section.section("limits").map(read_limits);
    let listeners = section.sections("listeners", tls::read_listener);
    let alarms = section.section("alarms").map(alarms::read_alarms);
    let span = section.span("tls");
    let (tls, tls_listeners) =
        section.section("tls").and_then(|section| tls::read_tls(section, span)).unzip();
    section.finish();
    RawConfig {
        listen,
        listeners,
        tls,
        tls_listeners,
        admin_listen,
        data_dir,
        in_memory,
        virtual_hosts,
        users,
        limits,
        alarms,
        load_definitions,
        admin_tls,
        metrics_login,
        origins: Origins::default(),
    }
}

fn parse_virtual_host(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("a virtual host's name is empty, wanted a name such as `/`".to_owned()),
        1..=255 => Ok(text.to_owned()),
        bytes => Err(format!("a virtual host's name has {bytes} bytes, wanted at most 255")),
    }
}

fn parse_tag(text: &str) -> Result<String, String> {
    match text.len() {
        1..=255 => Ok(text.to_owned()),
        bytes => Err(format!("a tag has {bytes} bytes, wanted 1 to 255")),
    }
}

fn read_user(section: &mut Section<'_, '_>, span: Range<usize>) -> Option<User> {
    let name = section.text("name");
    let password = section.text("password");
    let loopback_only = section.flag("loopback_only");
    let virtual_hosts = section.list("virtual_hosts", parse_virtual_host);
    let tags = section.list("tags", parse_tag);
    let name = match name {
        Some(name) if (1..=255).contains(&name.len()) => name.to_owned(),
        Some(_) => {
            section.report(span, "a user's `name` must have 1 to 255 bytes".to_owned());
            return None;
        }
        None if section.has("name") => return None,
        None => {
            section.report(span, "a user without a `name`".to_owned());
            return None;
        }
    };
    let Some(password) = password.filter(|password| !password.is_empty()) else {
        if !section.has("password") || password.is_some() {
            section.report(span, format!("user `{name}` has no `password`"));
        }
        return None;
    };
    let loopback_only = loopback_only.unwrap_or(name == "guest");
    let tags = tags.into_iter().flatten().collect();
    Some(User { password: Secret::new(password), name, loopback_only, virtual_hosts, tags })
}

fn read_limits(mut section: Section<'_, '_>) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        connections_max: section
            .number("connections_max", 1..=1_000_000)
            .unwrap_or(default.connections_max),
        half_open_max: section
            .number("half_open_max", 1..=1_000_000)
            .unwrap_or(default.half_open_max),
        half_open_per_address_max: section
            .number("half_open_per_address_max", 1..=1_000_000)
            .unwrap_or(default.half_open_per_address_max),
        // The longest frame before the login must fit, and those that follow it.
        handshake_bytes_max: section
            .number("handshake_bytes_max", 16_384..=16_777_216)
            .unwrap_or(default.handshake_bytes_max),
        handshake_timeout: section
            .duration("handshake_timeout")
            .unwrap_or(default.handshake_timeout),
        refusal_delay: section.duration("refusal_delay").unwrap_or(default.refusal_delay),
        channels_max: section.number("channels_max", 1..=65_535).unwrap_or(default.channels_max),
        // AMQP 0-9-1, 4.2.3: a frame may always have 4,096 bytes; 8,192 is what clients assume.
        frame_bytes_max: section
            .number("frame_bytes_max", 8_192..=16_777_216)
            .unwrap_or(default.frame_bytes_max),
        heartbeat: section.duration("heartbeat").unwrap_or(default.heartbeat),
        message_bytes_max: section
            .number("message_bytes_max", 1..=536_870_912)
            .unwrap_or(default.message_bytes_max),
        ingress_bytes_max: default.ingress_bytes_max,
        connection_ingress_bytes_max: default.connection_ingress_bytes_max,
        egress_bytes_max: default.egress_bytes_max,
        page_messages_max: default.page_messages_max,
        page_bytes_max: default.page_bytes_max,
        page_thin_after: default.page_thin_after,
        scrub_bytes_per_sec: section
            .number("scrub_bytes_per_sec", 0..=1 << 40)
            .unwrap_or(default.scrub_bytes_per_sec),
        // No time at all stands for no bound.
        consumer_timeout: section
            .duration("consumer_timeout")
            .map_or(default.consumer_timeout, |time| Some(time).filter(|time| !time.is_zero())),
        unsettled_messages_max: section
            .number("unsettled_messages_max", 1..=100_000_000)
            .unwrap_or(default.unsettled_messages_max),
        unsettled_bytes_max: section
            .number("unsettled_bytes_max", 1..=1 << 40)
            .unwrap_or(default.unsettled_bytes_max),
        scheduled_bytes_max: section
            .number("scheduled_bytes_max", 1..=1 << 40)
            .unwrap_or(default.scheduled_bytes_max),
        transaction_operations_max: section
            .number("transaction_operations_max", 1..=16_777_216)
            .unwrap_or(default.transaction_operations_max),
        transaction_bytes_max: section
            .number("transaction_bytes_max", 1..=1 << 40)
            .unwrap_or(default.transaction_bytes_max),
        close_timeout: section.duration("close_timeout").unwrap_or(default.close_timeout),
        http: section.section("http").map(http::read_http_limits).unwrap_or_default(),
    };
    section.finish();
    limits
}
