//! `leveret.toml`: connections, settings, handlers, files bridges, logging.

mod error;
mod handler;
mod policies;
mod raw;
mod resolve;
mod retry;
mod routes;
mod rules;
mod source;
#[cfg(feature = "http")]
mod statuses;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use toml::Table;

use crate::endpoint::Endpoint;
use crate::files::{FileSink, FileSource};
use crate::logging::LogFormat;
use crate::message_log::MessageLog;

pub use error::{ConfigError, EXIT_CONFIG};
pub use handler::HandlerConfig;
pub use source::ConfigText;

/// A checked configuration, for [`App::configure`](crate::App::configure).
///
/// What is wrong in the file is told with file, line, caret and a suggestion; a program exits
/// with [`EXIT_CONFIG`] then. Every part may be missing:
///
/// ```toml
/// guarantee = "no-loss"   # refuses to start where a message may be lost; "best-effort" does not
///
/// [connection]
/// address = "amqp://guest:guest@127.0.0.1:5672/%2f"   # or: data-dir = "data", or: in-memory = true
///
/// [settings]
/// threshold = 3
///
/// [handlers.classify]
/// concurrency = 10
/// concurrency-min = 2       # what an operator may make of it while it runs
/// concurrency-max = 40
/// paused = false            # true: it pulls nothing until it is resumed
/// outputs = "confirmed"     # or "transaction"
/// time-limit = "30s"
/// retry = { attempts = 3, delays = 6, first-delay = "5s", longest-delay = "2min", give-up-after = "1h" }
/// principal = "clerk"
/// kill-switch = { window = "1min", minimum = 10, percent = 50, pause = "30s" }
/// order = { header = "account", park = "1min", look-ahead = 64 }   # or: routing-key = true, or: word = 1
/// partitions = 8            # for an order by routing key or header
/// error-routes = [{ exchange = "shop", key = "order.declined", errors = ["card-expired"] }, { queue = "errors", exhausted = true }]
/// statuses = { 404 = "ack", 4xx = "dead-letter", 429 = { busy = "30s" } }   # of a handler that serves requests
/// on-error = { stale = "drop", card-expired = { retry = { attempts = 2 } }, busy = { pause = "1min" } }
///
/// [[files.read]]
/// directory = "mails"
/// exchange = "mails"
/// key = "mail.incoming"
///
/// [[files.write]]
/// queue = "results"
/// directory = "results"
/// pattern = "${date}/${msgid}.json"
///
/// [logging]
/// level = "info"
/// format = "json"
/// messages = "info"
/// ```
///
/// ```
/// use leveret::{App, Config};
///
/// let config = Config::parse("leveret.toml".as_ref(), "[connection]\nin-memory = true\n")?;
/// let app = App::new("mails").configure(config);
/// let error = Config::parse("leveret.toml".as_ref(), "[conection]\n").unwrap_err();
/// assert!(error.to_string().contains("did you mean `connection`?"));
/// # let _ = app;
/// # Ok::<(), leveret::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Config {
    /// The unnamed connection, if the file has one.
    pub connection: Option<Endpoint>,
    /// Whether the application refuses to start where a message may be lost: `guarantee = "no-loss"`.
    pub no_loss: bool,
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
    /// What the log shows: `off`, `error`, `warn`, `info`, `debug` or `trace`.
    pub log_level: Option<String>,
    /// How it looks: `text` or `json`.
    pub log_format: Option<LogFormat>,
    /// At which level each message is told of: `off`, `debug` or `info`.
    pub log_messages: Option<MessageLog>,
}
