//! Killed fifty times, the program still finishes with each mail exactly once.
//!
//! A queue beside the program's own collects all results that are ever published: files are
//! the same however often they are written, messages would be counted.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use leveret_broker::Broker;
use leveret_client::{
    AckMode, Channel, ConnectOptions, Connection, ExchangeDeclare, ExchangeKind, QueueBinding,
    QueueDeclare, ShortStr,
};

/// How often the program is killed.
const KILLS: usize = 50;
/// How many of them come before the first mail is done: at the start, and in recovery.
const EARLY_KILLS: usize = 4;
/// How many mails there are at least.
const MAILS_MIN: usize = 2000;
/// How long a step forward may take before the test fails.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long each mail is held, so that fifty moments fit between the first and the last.
const PACE_MILLIS: &str = "8";
/// How often the program's files are looked at.
const LOOK: Duration = Duration::from_millis(2);

const EXCHANGE: ShortStr = ShortStr::from_static("mail");
const AUDIT: ShortStr = ShortStr::from_static("mail.audit");

/// Names and contents of the files below a directory.
type Files = BTreeMap<String, Vec<u8>>;

#[test]
fn fifty_kills_lose_nothing_and_repeat_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mails = dir.path().join("mails");
    let total = lay_out(&mails);
    let (calm, killed) = (dir.path().join("calm"), dir.path().join("killed"));

    assert!(start(&mails, &calm, "0").wait().unwrap().success());
    let expected = outcome(&calm);
    assert_eq!(done(&calm), total);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(declare_audit(&killed));
    let mut between = 0;
    for kill in 0..KILLS {
        let goal = (kill.saturating_sub(EARLY_KILLS) * (total - 1)).div_ceil(KILLS - EARLY_KILLS);
        let mut child = start(&mails, &killed, PACE_MILLIS);
        wait_for(&mut child, &killed, goal);
        child.kill().unwrap();
        child.wait().unwrap();
        let done = done(&killed);
        if (1..total).contains(&done) {
            between += 1;
        }
        tell(&format!("kill {} of {KILLS}: {done} of {total} mails done\n", kill + 1));
    }
    tell(&format!("{between} kills between the first and the last mail\n"));
    assert!(between >= 40, "only {between} kills were between the first and the last mail");

    assert!(start(&mails, &killed, "0").wait().unwrap().success());
    assert_eq!(done(&killed), total);
    let found = outcome(&killed);
    assert!(found.keys().eq(expected.keys()), "the same files");
    assert!(found == expected, "the same contents");
    let published = runtime.block_on(read_audit(&killed));
    let results = expected.keys().filter(|name| name.starts_with("results/")).count();
    assert_eq!(published.len(), results, "each mail has a result");
    let repeated: Vec<_> = published.iter().filter(|(_, times)| **times != 1).collect();
    assert!(repeated.is_empty(), "published more than once: {repeated:?}");
    tell(&format!("{results} results published exactly once, {} dead letters\n", total - results));
}

/// Copies the mails into several folders; gives how many there are then.
fn lay_out(mails: &Path) -> usize {
    let entries = std::fs::read_dir(source()).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|kind| kind == "eml")).collect();
    let folders = MAILS_MIN.div_ceil(files.len());
    for folder in 0..folders {
        let folder = mails.join(format!("{folder:02}"));
        std::fs::create_dir_all(&folder).unwrap();
        for file in &files {
            std::fs::copy(file, folder.join(file.file_name().unwrap())).unwrap();
        }
    }
    folders * files.len()
}

/// The real mails, where there are some, or else the samples.
fn source() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = own.join("../../../shared/data/bounces");
    let named = std::env::var_os("LEVERET_BOUNCES").map(PathBuf::from);
    named.or_else(|| beside.is_dir().then_some(beside)).unwrap_or_else(|| own.join("samples"))
}

fn start(mails: &Path, out: &Path, pace: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_bounces"))
        .arg(mails)
        .args(["--pace", pace, "--out"])
        .arg(out)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until so many mails are done, or, for none, until the program has begun.
fn wait_for(child: &mut Child, out: &Path, goal: usize) {
    let (_open, never) = mpsc::channel::<()>();
    let looks = PATIENCE.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        let has_begun = out.join("data").join("broker").is_dir();
        if has_begun && done(out) >= goal {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "ended before it was killed");
        assert!(never.recv_timeout(LOOK).is_err());
    }
    panic!("{} mails done, {goal} wanted", done(out));
}

/// How many mails have a result or are dead.
fn done(out: &Path) -> usize {
    let count = |folder: &str, ending: &str| {
        let entries = std::fs::read_dir(out.join(folder)).into_iter().flatten();
        entries
            .filter(|entry| {
                entry
                    .as_ref()
                    .is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(ending))
            })
            .count()
    };
    count("results", ".json") + count("dead", ".eml")
}

/// All that a run leaves, but for times and the broker's data.
fn outcome(out: &Path) -> Files {
    let mut files = Files::new();
    for folder in ["results", "dead", "suppressed"] {
        for entry in std::fs::read_dir(out.join(folder)).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if entry.path().is_file() && !name.ends_with(".headers.json") {
                files.insert(format!("{folder}/{name}"), std::fs::read(entry.path()).unwrap());
            }
        }
    }
    for list in ["results.jsonl", "suppression.jsonl", "suppression.txt", "dead.jsonl"] {
        files.insert(list.to_owned(), std::fs::read(out.join(list)).unwrap());
    }
    files
}

/// Binds a queue that nobody consumes from to all results.
async fn declare_audit(out: &Path) {
    let (broker, channel) = open(out).await;
    let exchange =
        ExchangeDeclare { name: EXCHANGE, kind: ExchangeKind::Topic, ..ExchangeDeclare::default() };
    channel.exchange_declare(&exchange).await.unwrap();
    channel.queue_declare(&QueueDeclare { name: AUDIT, ..QueueDeclare::default() }).await.unwrap();
    for key in ["bounce.*", "complaint.*", "auto-reply", "unknown"] {
        let routing_key = ShortStr::from_static(key);
        let binding = QueueBinding {
            queue: AUDIT,
            exchange: EXCHANGE,
            routing_key,
            ..QueueBinding::default()
        };
        channel.queue_bind(&binding).await.unwrap();
    }
    broker.shutdown().await;
}

/// How often each result was published, by its id.
async fn read_audit(out: &Path) -> BTreeMap<String, usize> {
    let (broker, channel) = open(out).await;
    let mut published = BTreeMap::new();
    while let Some(got) = channel.get(AUDIT, AckMode::Manual).await.unwrap() {
        let id = got.delivery.properties.message_id().unwrap().to_string();
        *published.entry(id).or_default() += 1;
    }
    broker.shutdown().await;
    published
}

async fn open(out: &Path) -> (Broker, Channel) {
    let broker = Broker::builder().data_dir(out.join("data").join("broker")).start().await.unwrap();
    let connection = Connection::over(broker.connect(), &ConnectOptions::default()).await.unwrap();
    let channel = connection.channel().await.unwrap();
    (broker, channel)
}

/// Told even when the test passes.
fn tell(line: &str) {
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
