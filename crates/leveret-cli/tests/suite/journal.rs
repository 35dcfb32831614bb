//! `leveret journal` on data directories that a real broker wrote.

use std::{
    fs,
    path::{Path, PathBuf},
};

use leveret_client::{Connection, Properties, Publish, QueueDeclare, ShortStr};
use serde_json::Value;

use crate::process::{Broker, ended, leveret};

const MESSAGES: usize = 300;

/// A data directory with one durable queue of messages, from a broker that was killed.
///
/// Each `group` of messages is confirmed before the next is sent.
async fn filled(data_dir: &Path, messages: usize, group: usize) {
    let broker = Broker::start(data_dir);
    let url = format!("amqp://guest:guest@{}/%2F", broker.address());
    let channel = Connection::open(&url).await.unwrap().channel().await.unwrap();
    let name = ShortStr::from_static("jobs");
    let declare = QueueDeclare { name: name.clone(), ..QueueDeclare::default() };
    channel.queue_declare(&declare).await.unwrap();
    channel.confirm_select().await.unwrap();
    let mut confirms = Vec::new();
    for number in 0..messages {
        let publish = Publish {
            routing_key: name.clone(),
            properties: Properties::builder().persistent().build(),
            body: format!("message {number} {}", "x".repeat(200)).into(),
            ..Publish::default()
        };
        confirms.push(channel.publish(publish).await.unwrap());
        if confirms.len() == group {
            for confirm in confirms.drain(..) {
                confirm.await.unwrap();
            }
        }
    }
    drop(broker);
}

fn run(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    let mut command = leveret(&["journal"]);
    command.args(arguments).current_dir(folder);
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn first_segment(data_dir: &Path) -> PathBuf {
    let files = fs::read_dir(data_dir.join("journal")).unwrap();
    let mut names: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    names.retain(|path| path.to_string_lossy().contains("segment-"));
    names.sort();
    names.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_brokers_directory_is_shown_verified_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    filled(&data_dir, MESSAGES, 1).await;
    let before = fs::read(first_segment(&data_dir)).unwrap();

    let (code, text) = run(&["inspect", "data"], folder.path());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("vhost  /: 1 queues, 0 exchanges, 0 bindings, 300 messages"), "{text}");
    let (_, json) = run(&["inspect", "data", "--json"], folder.path());
    let json: Value = serde_json::from_str(&json).unwrap();
    let messages = json.pointer("/vhosts/0/queues/0/messages").and_then(Value::as_u64);
    assert_eq!(messages, Some(300), "{json}");

    let (code, text) = run(&["verify", "data"], folder.path());
    assert_eq!(code, Some(0));
    assert!(text.starts_with("`data` is whole: ") && text.contains("300 messages"), "{text}");
    assert_eq!(fs::read(first_segment(&data_dir)).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_of_a_damaged_directory_starts_again_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    filled(&data_dir, MESSAGES, 1).await;
    let segment = first_segment(&data_dir);
    let mut bytes = fs::read(&segment).unwrap();
    // In the body of a message in the middle, which a later confirm had said to be safe.
    let at = bytes.windows(11).position(|window| window == b"message 150").unwrap();
    bytes[at] ^= 1;
    fs::write(&segment, bytes).unwrap();

    let (code, text) = ended({
        let mut command = leveret(&["journal", "verify", "data"]);
        command.current_dir(folder.path());
        command
    });
    assert_eq!(code, Some(65), "{text}");
    assert!(text.contains("damaged at byte"), "{text}");

    let (code, text) = run(&["salvage", "data", "--to", "saved"], folder.path());
    assert_eq!(code, Some(65), "something was lost: {text}");
    assert!(text.contains("lost: "), "{text}");
    let (code, _) = run(&["verify", "saved"], folder.path());
    assert_eq!(code, Some(0));

    let broker = Broker::start(&folder.path().join("saved"));
    let url = format!("amqp://guest:guest@{}/%2F", broker.address());
    let channel = Connection::open(&url).await.unwrap().channel().await.unwrap();
    let declare = QueueDeclare { name: ShortStr::from_static("jobs"), ..QueueDeclare::default() };
    let saved = channel.queue_declare(&declare).await.unwrap().messages;
    assert!((290..300).contains(&saved), "{saved} of 300");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_damaged_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    filled(&data_dir, 20_000, 1_000).await;
    let (code, text) = run(&["inspect", "data", "--json"], folder.path());
    assert_eq!(code, Some(0), "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    let number = |path: &str| json.pointer(path).and_then(Value::as_u64).unwrap();
    assert!(number("/pages") > 0, "{json}");
    assert_eq!(number("/vhosts/0/queues/0/messages"), 20_000, "{json}");

    let mut pages = fs::read_dir(data_dir.join("pages")).unwrap();
    let page = pages.next().unwrap().unwrap().path();
    let mut bytes = fs::read(&page).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&page, bytes).unwrap();
    let (code, text) = run(&["verify", "data"], folder.path());
    assert_eq!(code, Some(65), "{text}");
    let name = page.file_name().unwrap().to_str().unwrap();
    assert!(text.contains(name) && text.contains("fails its checksum"), "{text}");
}

#[test]
fn what_cannot_be_looked_at_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let (code, text) = ended(leveret(&["journal", "inspect", path]));
    assert_eq!(code, Some(66), "{text}");
    assert!(text.contains("is no data directory of leveret"), "{text}");

    let broker = Broker::start(folder.path());
    let (code, text) = ended(leveret(&["journal", "verify", path]));
    assert_eq!(code, Some(73), "{text}");
    assert!(text.contains(&format!("process {}", broker.id())), "{text}");
}
