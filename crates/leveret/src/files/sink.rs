//! A queue whose messages become files.
//!
//! Each file is written under a temporary name, synced, renamed, and its folder synced; only
//! then is the message acknowledged. The same message-id gives the same name (unless the pattern
//! says otherwise), so a message delivered twice is one file.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use leveret_protocol::ShortStr;
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::folder_syncs::FolderSyncs;
use super::name::{NamePattern, NameValues};
use super::source::FILE_NAME_HEADER;
use crate::failure::Failure;
use crate::handler::{Handler, IntoHandler};
use crate::lineage::now_secs;
use crate::message::Message;

/// Where files wait for their final name; emptied at start.
const TEMPORARY: &str = ".tmp";

/// What the side file with properties and headers is called beside `<name>`.
const SIDE_SUFFIX: &str = ".headers.json";

/// How many files are written at a time: their syncs run at once, and those of one folder are one.
const WRITERS: usize = 16;

/// A queue whose messages become files below a directory.
///
/// ```
/// use leveret::files::FileSink;
///
/// let results = FileSink::new("results", "out")
///     .bind("results", "bounce.#")
///     .pattern("${date}/${msgid}.json".parse()?)
///     .with_headers();
/// # let _ = results;
/// # Ok::<(), leveret::files::NamePatternError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileSink {
    queue: String,
    bindings: Vec<(String, String)>,
    writer: Writer,
}

#[derive(Debug, Clone)]
struct Writer {
    directory: PathBuf,
    pattern: NamePattern,
    side_files: SideFiles,
    folders: Arc<FolderSyncs>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SideFiles {
    Without,
    With,
}

impl FileSink {
    /// Writes the messages of `queue` below `directory`, one file per message-id.
    pub fn new(queue: impl Into<String>, directory: impl Into<PathBuf>) -> Self {
        let writer = Writer {
            directory: directory.into(),
            pattern: NamePattern::default(),
            side_files: SideFiles::Without,
            folders: Arc::default(),
        };
        Self { queue: queue.into(), bindings: Vec::new(), writer }
    }

    /// Binds the queue to a topic exchange; call again for more keys.
    #[must_use]
    pub fn bind(mut self, exchange: impl Into<String>, key: impl Into<String>) -> Self {
        self.bindings.push((exchange.into(), key.into()));
        self
    }

    /// How files are named; `${msgid}` unless told otherwise.
    #[must_use]
    pub fn pattern(mut self, pattern: NamePattern) -> Self {
        self.writer.pattern = pattern;
        self
    }

    /// Writes properties and headers to `<name>.headers.json` too.
    #[must_use]
    pub fn with_headers(mut self) -> Self {
        self.writer.side_files = SideFiles::With;
        self
    }

    /// The handler that does it: to be given another name, connection or retry policy.
    pub fn into_handler(self) -> Handler {
        let writer = Arc::new(self.writer);
        let swept = Arc::new(Once::new());
        let name = format!("write_files:{}", self.queue);
        let write = move |message: Message| {
            let (writer, swept) = (writer.clone(), swept.clone());
            async move {
                let write = move || {
                    swept.call_once(|| writer.sweep());
                    writer.write(&message)
                };
                spawn_blocking(write)
                    .await
                    .unwrap_or_else(|error| Err(io::Error::other(error)))
                    .map_err(|error| Failure::from(error).named("write-file"))
            }
        };
        let handler = Handler::new(self.queue, write).named(name).concurrency(WRITERS).confirmed();
        self.bindings
            .into_iter()
            .fold(handler, |handler, (exchange, key)| handler.bind(exchange, key))
    }
}

impl IntoHandler for FileSink {
    fn into_handler(self) -> Handler {
        Self::into_handler(self)
    }
}

impl Writer {
    fn write(&self, message: &Message) -> io::Result<()> {
        let path = self.directory.join(self.name(message));
        let folder = path.parent().unwrap_or(&self.directory);
        self.make(folder)?;
        if self.side_files == SideFiles::With {
            let mut side = path.clone().into_os_string();
            side.push(SIDE_SUFFIX);
            let text = serde_json::to_vec_pretty(&describe(message)).map_err(io::Error::other)?;
            self.place(Path::new(&side), &text)?;
        }
        self.place(&path, message.body())?;
        // Many are placed in one folder at a time: its names need one sync for all of them.
        self.folders.sync(folder, |folder| File::open(folder)?.sync_all())
    }

    /// Makes a folder below the directory that is still there after a power loss.
    fn make(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        let above = folder.ancestors().skip(1);
        for parent in above.take_while(|parent| parent.starts_with(&self.directory)) {
            File::open(parent)?.sync_all()?;
        }
        Ok(())
    }

    /// Removes what an earlier run had not finished.
    fn sweep(&self) {
        let Ok(left) = fs::read_dir(self.directory.join(TEMPORARY)) else { return };
        for file in left.flatten() {
            // One that stays costs space and nothing else.
            fs::remove_file(file.path()).ok();
        }
    }

    /// The bytes appear under `path` whole, or not at all.
    fn place(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let temporary_folder = self.directory.join(TEMPORARY);
        fs::create_dir_all(&temporary_folder)?;
        let temporary = temporary_folder.join(Uuid::now_v7().to_string());
        let mut file = File::create_new(&temporary)?;
        let placed = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&temporary, path));
        if placed.is_err() {
            fs::remove_file(&temporary).ok();
        }
        placed
    }

    fn name(&self, message: &Message) -> PathBuf {
        // Without an id there is no name to come back to.
        let id =
            message.message_id().map_or_else(|| Uuid::now_v7().to_string(), |id| id.to_string());
        let name = self.pattern.fill(&NameValues {
            message_id: &id,
            routing_key: &message.routing_key(),
            file_name: &message.header_text(FILE_NAME_HEADER).unwrap_or_default(),
            timestamp_secs: message.properties().timestamp().unwrap_or_else(now_secs),
        });
        match name.to_str() {
            // Another message's side file would have this name.
            Some(text) if text.ends_with(SIDE_SUFFIX) => PathBuf::from(format!("{text}.body")),
            Some(_) | None => name,
        }
    }
}

/// Properties and headers as JSON.
fn describe(message: &Message) -> Value {
    let properties = message.properties();
    let text = |value: Option<ShortStr>| value.map(|value| value.to_string());
    let headers: Map<String, Value> = message
        .headers()
        .iter()
        .map(|(name, value)| {
            let shown = value.to_text_lossy().map_or_else(|| format!("{value:?}"), Cow::into_owned);
            (name.to_string(), Value::from(shown))
        })
        .collect();
    json!({
        "exchange": message.exchange(),
        "routing_key": message.routing_key(),
        "content_type": text(properties.content_type()),
        "content_encoding": text(properties.content_encoding()),
        "message_id": text(properties.message_id()),
        "correlation_id": text(properties.correlation_id()),
        "reply_to": text(properties.reply_to()),
        "timestamp": properties.timestamp(),
        "type": text(properties.kind()),
        "app_id": text(properties.app_id()),
        "headers": headers,
    })
}
