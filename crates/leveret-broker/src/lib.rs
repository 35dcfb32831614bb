//! A durable AMQP 0-9-1 broker, embeddable.
//!
//! A [`Broker`] is the shell around one engine for each virtual host: it owns sockets, users and the
//! log, and knows no routing rule. Start one with [`Broker::builder`], or run the `leveret broker`
//! command, which reads a [`Config`].

mod admin;
mod admission;
mod alarm;
mod attempts;
mod backup;
mod backups;
mod bound;
mod broker;
mod builder;
mod causes;
mod clock;
mod config;
mod connection;
mod definitions;
mod directory;
mod door;
mod errand;
mod figures;
mod host;
mod hosts;
mod http;
mod lifecycle;
mod limits;
mod listener;
mod log;
mod lookout;
mod mechanism;
mod news;
pub mod offline;
mod pages;
mod panic_record;
mod passwords;
mod presence;
mod product;
mod readings;
mod recovery;
mod registry;
mod reload;
mod reloads;
mod running;
mod sampler;
mod samples;
mod scrub;
mod secret;
mod settings;
mod shared;
mod start;
mod tls;
mod together;
mod users;

pub use admin::{
    Admin, ConnectionInfo, HostLimitName, PermissionInfo, PolicyInfo, PolicyOwner, UserInfo,
    UserLimitName,
};
pub use alarm::{AlarmSettings, Alarms, Gauge, MemoryMark};
pub use backup::{Backup, BackupError};
pub use broker::Broker;
pub use builder::Builder;
pub use config::{Config, ConfigError, Listener, Origin, Problem, RawConfig, Store, parse_address};
pub use definitions::DefinitionsError;
pub use directory::DirectoryError;
pub use http::HttpLimits;
/// Why the log could not be opened.
pub use leveret_journal::OpenError as LogError;
pub use lifecycle::Failure;
pub use limits::Limits;
pub use mechanism::Mechanism;
pub use panic_record::PanicLoop;
pub use recovery::Recovered;
pub use registry::AdminError;
pub use reload::{ReloadError, Reloaded};
pub use scrub::{ScrubState, Scrubbed};
pub use secret::Secret;
pub use settings::Setting;
pub use start::StartError;
pub use tls::{ClientCertificates, NameSource, TlsConfig, TlsError, TlsVersion};
pub use users::User;
