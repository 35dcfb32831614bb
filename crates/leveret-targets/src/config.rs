//! What a configuration says of a target.

use leveret::Handler;
use serde::Deserialize;

use crate::command::CommandTarget;
use crate::error::TargetError;
use crate::http::HttpTarget;
use crate::worker::WorkerTarget;

/// Who handles the messages of a consumer.
///
/// ```
/// use leveret_targets::TargetConfig;
///
/// #[derive(serde::Deserialize)]
/// struct Consumer { target: TargetConfig }
///
/// let text = r#"target = { http = { url = "http://127.0.0.1:8000/orders/{key}" } }"#;
/// let consumer: Consumer = toml::from_str(text)?;
/// let handler = consumer.target.into_handler("hook", "orders")?.concurrency(4);
/// assert_eq!((handler.name(), handler.queue()), ("hook", "orders"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TargetConfig {
    /// A request to a web server for each message.
    Http(HttpTarget),
    /// A run of a program for each message.
    Command(CommandTarget),
    /// Processes that stay, and take one message after the other.
    Worker(WorkerTarget),
}

impl TargetConfig {
    /// The handler of this name for this queue: one message at a time, and without binds, until
    /// told otherwise. What can be checked beforehand is checked here: addresses, templates,
    /// programs, files of secrets.
    pub fn into_handler(self, name: &str, queue: &str) -> Result<Handler, TargetError> {
        match self {
            Self::Http(target) => target.into_handler(name, queue),
            Self::Command(target) => target.into_handler(name, queue),
            Self::Worker(target) => target.into_handler(name, queue),
        }
    }
}
