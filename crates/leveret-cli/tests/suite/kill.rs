//! A broker that is killed while it works: what it confirmed is there again.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpStream,
    process::{Command, Stdio},
};

use leveret_client::{AckMode, Channel, Connection, Properties, Publish, QueueDeclare, ShortStr};

use crate::process::{Broker, leveret};

const QUEUE: ShortStr = ShortStr::from_static("ledger");

/// Publishes that are under way at the same time.
const WINDOW: u32 = 100;

async fn connect(broker: &Broker) -> (Connection, Channel) {
    let connection = Connection::open(&format!("amqp://{}", broker.address())).await.unwrap();
    let channel = connection.channel().await.unwrap();
    let declare = QueueDeclare { name: QUEUE, durable: true, ..QueueDeclare::default() };
    channel.queue_declare(&declare).await.unwrap();
    (connection, channel)
}

/// A persistent message to the queue.
fn message(body: impl Into<Vec<u8>>) -> Publish {
    let properties = Properties::builder().delivery_mode(2).build();
    Publish { routing_key: QUEUE, properties, body: body.into().into(), ..Publish::default() }
}

/// Publishes from a number on, kills the broker after so many confirms, and gives the numbers
/// that were confirmed, before the kill or in its face.
async fn publish_and_kill(broker: Broker, first: u32, confirms: u32) -> BTreeSet<u32> {
    let (_connection, channel) = connect(&broker).await;
    channel.confirm_select().await.unwrap();
    let mut under_way = Vec::new();
    for number in first..first + confirms + WINDOW {
        under_way.push((number, channel.publish(message(number.to_string())).await.unwrap()));
    }
    let mut broker = Some(broker);
    let mut confirmed = BTreeSet::new();
    for (number, confirm) in under_way {
        if number == first + confirms {
            let broker = broker.take().unwrap();
            broker.signal("KILL");
            broker.wait();
        }
        if confirm.await.is_ok() {
            confirmed.insert(number);
        }
    }
    confirmed
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_confirmed_survives_each_kill() {
    let root = tempfile::tempdir().unwrap();
    let mut confirmed = BTreeSet::new();
    for (round, confirms) in [1, 40, 7, 150, 300].into_iter().enumerate() {
        let first = u32::try_from(round).unwrap() * 1_000;
        let before = confirmed.len();
        confirmed.extend(publish_and_kill(Broker::start(root.path()), first, confirms).await);
        assert!(confirmed.len() >= before + usize::try_from(confirms).unwrap());
    }
    let broker = Broker::start(root.path());
    let (connection, channel) = connect(&broker).await;
    let mut found = Vec::new();
    while let Some(got) = channel.get(QUEUE, AckMode::NoAck).await.unwrap() {
        let text = String::from_utf8(got.delivery.body.to_vec()).unwrap();
        found.push(text.parse::<u32>().unwrap());
    }
    assert!(found.is_sorted(), "in the order of the publishes");
    let distinct: BTreeSet<u32> = found.iter().copied().collect();
    assert_eq!(distinct.len(), found.len(), "each once");
    assert_eq!(confirmed.difference(&distinct).count(), 0, "none is lost");
    connection.close().await;
    broker.signal("TERM");
    assert_eq!(broker.wait(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_more_ends_the_broker_and_loses_nothing_confirmed() {
    let root = tempfile::tempdir().unwrap();
    // A file that may not grow answers like a full disk, to a process that ignores the signal.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\""]);
    command.args([
        env!("CARGO_BIN_EXE_leveret"),
        "broker",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
    ]);
    command.arg(root.path()).stderr(Stdio::null());
    let broker = Broker::from_command(command);
    let (connection, channel) = connect(&broker).await;
    channel.confirm_select().await.unwrap();
    let body = vec![b'x'; 50_000];
    let mut confirmed = 0;
    while let Ok(confirm) = channel.publish(message(body.clone())).await
        && confirm.await.is_ok()
    {
        confirmed += 1;
    }
    connection.closed().await;
    assert_eq!(broker.wait(), Some(74));
    assert!(confirmed > 10, "{confirmed} fitted");

    let broker = Broker::start(root.path());
    let (_connection, channel) = connect(&broker).await;
    let mut found = 0;
    while channel.get(QUEUE, AckMode::NoAck).await.unwrap().is_some() {
        found += 1;
    }
    // The last one may be there although nobody was told so.
    assert!((confirmed..=confirmed + 1).contains(&found), "{found} of {confirmed}");
}

#[test]
fn a_second_signal_ends_a_stop_that_takes_long() {
    let root = tempfile::tempdir().unwrap();
    let config = root.path().join("broker.toml");
    fs::write(&config, "in_memory = true\n[limits]\nclose_timeout = \"60min\"\n").unwrap();
    let config = config.to_str().unwrap();
    let broker =
        Broker::from_command(leveret(&["broker", "--listen", "127.0.0.1:0", "--config", config]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let connected = runtime.block_on(connect(&broker));
    // From here on the client does nothing, and so does not answer that the connection closes.
    broker.signal("TERM");
    while TcpStream::connect(broker.address()).is_ok() {}
    broker.signal("TERM");
    assert_eq!(broker.wait(), Some(130));
    drop(connected);
}
