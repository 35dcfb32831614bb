//! `leveret.toml`: connections, settings, handlers, files bridges, logging.
//!
//! Read once at the edge; what is wrong is told with file, line, caret and a suggestion.
//!
//! ```toml
//! [connection]
//! address = "amqp://guest:guest@127.0.0.1:5672/%2f"   # or: data-dir = "data", or: in-memory = true
//!
//! [settings]
//! threshold = 3
//!
//! [handlers.classify]
//! concurrency = 10
//!
//! [[files.read]]
//! directory = "mails"
//! exchange = "mails"
//! key = "mail.incoming"
//!
//! [[files.write]]
//! queue = "results"
//! directory = "results"
//! pattern = "${date}/${msgid}.json"
//!
//! [logging]
//! level = "info"
//! ```

mod error;
mod raw;
mod resolve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use toml::Table;

use crate::endpoint::Endpoint;
use crate::files::{FileSink, FileSource};

pub(crate) use error::nearest;
pub use error::{ConfigError, EXIT_CONFIG};

/// A checked configuration, for [`App::configure`](crate::App::configure).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Config {
    /// The unnamed connection, if the file has one.
    pub connection: Option<Endpoint>,
    /// Named connections.
    pub connections: BTreeMap<String, Endpoint>,
    /// The table `[settings]`, for [`Settings`](crate::Settings).
    pub settings: Table,
    /// What `[handlers.<name>]` says.
    pub handlers: BTreeMap<String, HandlerConfig>,
    /// Directories whose files become messages.
    pub read: Vec<FileSource>,
    /// Queues whose messages become files.
    pub write: Vec<FileSink>,
    /// What the log shows: `error`, `warn`, `info`, `debug` or `trace`; for the program's own set-up of logging.
    pub log_level: Option<String>,
}

/// What the file says of one handler.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerConfig {
    /// How many messages it handles at a time.
    pub concurrency: Option<usize>,
}
