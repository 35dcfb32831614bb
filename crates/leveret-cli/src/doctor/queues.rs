//! The queues that are to be there, and who consumes from them.

use std::path::Path;

use leveret_client::{ChannelError, Connection, QueueDeclare, ShortStr};

use super::check::Check;
use crate::{Refusal, exit::Exit};

/// The queues that a file of `leveret run` consumes from.
pub(super) fn of_file(path: &Path) -> Result<Vec<ShortStr>, Refusal> {
    let refused =
        |exit, text: String| Refusal { text: format!("{}: {text}", path.display()), exit };
    let text =
        std::fs::read_to_string(path).map_err(|error| refused(Exit::NoInput, error.to_string()))?;
    let table: toml::Table =
        toml::from_str(&text).map_err(|error| refused(Exit::Config, error.to_string()))?;
    let consumers = table.get("consumers").and_then(toml::Value::as_table);
    let queues = consumers.into_iter().flatten().map(|(name, consumer)| {
        let queue = consumer.get("queue").and_then(toml::Value::as_str).unwrap_or(name);
        ShortStr::try_from(queue)
            .map_err(|_| refused(Exit::Config, format!("queue `{queue}` has more than 255 bytes")))
    });
    queues.collect()
}

pub(super) async fn look(connection: &Connection, queue: &ShortStr) -> Check {
    let name = queue.to_string_lossy().into_owned();
    let passive = QueueDeclare { name: queue.clone(), passive: true, ..QueueDeclare::default() };
    let looked: Result<_, ChannelError> = async {
        let channel = connection.channel().await?;
        let declared = channel.queue_declare(&passive).await?;
        channel.close().await;
        Ok(declared)
    }
    .await;
    match looked {
        Ok(declared) if declared.consumers > 0 => Check::ok(
            "queue",
            format!("`{name}`: {} consumers, {} ready", declared.consumers, declared.messages),
        ),
        Ok(declared) => Check::warn(
            "queue",
            format!("`{name}`: nobody consumes, {} ready", declared.messages),
            format!("start the application; leveret why {name}"),
        ),
        Err(error) => {
            let closed = if let ChannelError::Closed { code, .. } = &error { *code } else { 0 };
            let fix = match closed {
                404 => "start the application that declares it".to_owned(),
                405 => {
                    "it is another connection's alone: declare it without `exclusive`".to_owned()
                }
                _ => format!("leveret why {name}"),
            };
            Check::fail("queue", format!("`{name}`: {error}"), fix)
        }
    }
}
