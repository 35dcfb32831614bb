//! What the tests share.
//!
//! Targets as a file writes them, and what came of the messages.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leveret::{App, Handler, Message, Publish, RunningApp};
use leveret_targets::TargetConfig;
use tokio::time::timeout;

/// How long a test waits at the most, and 100 ms for each message.
const LIMIT: Duration = Duration::from_mins(1);

#[derive(serde::Deserialize)]
struct Consumer {
    target: TargetConfig,
}

/// `target = ...`, as a handler named `t` for the queue `jobs`.
pub(crate) fn target(text: &str) -> Handler {
    config(text).into_handler("t", "jobs").unwrap()
}

/// Why it cannot be one.
pub(crate) fn problem(text: &str) -> String {
    config(text).into_handler("t", "jobs").unwrap_err().to_string()
}

fn config(text: &str) -> TargetConfig {
    let consumer: Consumer = toml::from_str(&format!("target = {text}")).unwrap();
    consumer.target
}

/// The messages of a queue, in the order they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Message>>>);

impl Seen {
    pub(crate) fn on(&self, queue: &str) -> Handler {
        let seen = self.clone();
        let note = move |message: Message| {
            let seen = seen.clone();
            async move { seen.0.lock().unwrap().push(message) }
        };
        Handler::new(queue, note).named(queue).concurrency(8)
    }

    pub(crate) fn all(&self) -> Vec<Message> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        self.all()
            .iter()
            .map(|message| String::from_utf8_lossy(message.body()).into_owned())
            .collect()
    }

    /// How often each body came.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for body in self.bodies() {
            *counts.entry(body).or_default() += 1;
        }
        counts
    }
}

/// A target with its dead letters, its outputs in the queue `done`, and its broker.
pub(crate) struct World {
    pub(crate) running: RunningApp,
    pub(crate) dead: Seen,
    pub(crate) done: Seen,
}

impl World {
    pub(crate) async fn new(handler: Handler) -> Self {
        let (dead, done) = (Seen::default(), Seen::default());
        let app = App::new("targets").in_memory().handler(handler.bind("shop", "#"));
        let app = app.handler(dead.on("jobs.dead")).handler(done.on("done"));
        Self { running: app.start().await.unwrap(), dead, done }
    }

    /// Without the target, on a broker elsewhere.
    pub(crate) async fn witness(url: &str) -> Self {
        let (dead, done) = (Seen::default(), Seen::default());
        let app = App::new("witness").connect(url);
        let app = app.handler(dead.on("jobs.dead")).handler(done.on("done"));
        Self { running: app.start().await.unwrap(), dead, done }
    }

    pub(crate) async fn send(&self, key: &str, body: impl Into<String>) {
        self.publish(Publish::new("shop", key).text(body)).await;
    }

    pub(crate) async fn publish(&self, publish: Publish) {
        self.running.publisher().publish(publish).await.unwrap();
    }

    pub(crate) async fn handled(&self, count: u64) {
        self.wait("t", count).await;
    }

    pub(crate) async fn done(&self, count: u64) -> Vec<String> {
        self.wait("done", count).await;
        self.done.bodies()
    }

    /// The class and the text of each error, once there are so many dead letters.
    pub(crate) async fn dead(&self, count: u64) -> Vec<String> {
        self.wait("jobs.dead", count).await;
        let told = |message: &Message| {
            let text = |name| message.header_text(name).unwrap();
            format!("{}: {}", text("x-leveret-error-class"), text("x-leveret-error"))
        };
        self.dead.all().iter().map(told).collect()
    }

    /// Until a handler has handled so many. What takes too long has been lost.
    async fn wait(&self, handler: &str, count: u64) {
        let limit = LIMIT + Duration::from_millis(100 * count);
        let enough = self.running.wait_until(|stats| stats.handler(handler).handled >= count);
        let is_late = timeout(limit, enough).await.is_err();
        let stats = self.running.stats();
        assert!(!is_late, "not {count} in `{handler}` within {limit:?}: {stats:?}");
    }

    pub(crate) async fn end(self) {
        self.running.shutdown().await.unwrap();
    }
}

/// Whether a process is there, and no zombie that somebody else has not waited for.
pub(crate) fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// Whether a program is here; says so if it is not.
pub(crate) fn has(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    let is_here = version.is_ok_and(|status| status.success());
    if !is_here {
        tell(&format!("skipped, as `{program}` is not here"));
    }
    is_here
}

/// A file of the repository.
pub(crate) fn of_repository(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

#[expect(clippy::print_stderr, reason = "what was skipped is to be seen")]
fn tell(words: &str) {
    eprintln!("{words}");
}
