//! The order of system calls: no confirm before its sync has returned.
//!
//! Skipped, with a word, where there is no `strace` that may trace.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use leveret_client::{Channel, Connection, Properties, Publish, QueueDeclare, ShortStr};

use crate::process::Broker;

const QUEUE: ShortStr = ShortStr::from_static("order");
const PUBLISHES: u32 = 40;
/// Longer the tracer does not write after the broker has ended.
const PATIENCE: Duration = Duration::from_secs(20);

/// One call: when it began and when it returned, as numbers of lines.
#[derive(Debug)]
struct Call {
    name: String,
    /// Arguments and result, as the tracer writes them.
    text: String,
    begin: usize,
    end: usize,
}

/// What is wrong with the order in which one publish was stored and confirmed.
#[derive(Debug, PartialEq)]
enum Disorder {
    Unconfirmed,
    Unstored,
    /// No sync of the file began after the write and returned before the confirm.
    Unsynced,
}

fn can_trace() -> bool {
    let mut trace = Command::new("strace");
    trace.args(["-D", "-f", "-o", "/dev/null", "true"]).stderr(Stdio::null());
    trace.status().is_ok_and(|status| status.success())
}

/// A broker that is traced; the tracer is its child, so that signals reach the broker.
fn traced(folder: &Path) -> Broker {
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-yy", "-x", "-s", "4096"]);
    command.args(["-e", "trace=pwrite64,pwritev,fdatasync,write,writev,sendto,sendmsg", "-o"]);
    command.arg(folder.join("trace")).arg(env!("CARGO_BIN_EXE_leveret"));
    command.args(["broker", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.join("data"));
    command.env("LEVERET_LOG", "warn");
    Broker::from_command(command)
}

/// Publishes with confirms, the first ones waited for each, the others all under way at once.
async fn publish(channel: &Channel, delivery_mode: u8) {
    let mut under_way = Vec::new();
    for number in 1..=PUBLISHES {
        let properties = Properties::builder().delivery_mode(delivery_mode).build();
        let body = mark(number).into();
        let publish = Publish { routing_key: QUEUE, properties, body, ..Publish::default() };
        let confirm = channel.publish(publish).await.unwrap();
        if number <= PUBLISHES / 2 {
            confirm.await.unwrap();
        } else {
            under_way.push(confirm);
        }
    }
    for confirm in under_way {
        confirm.await.unwrap();
    }
}

/// The body of a publish; the octet after zero makes the tracer write it as numbers.
fn mark(number: u32) -> String {
    format!("\u{1}number {number:05}.")
}

/// Everything that the traced broker did while it took publishes.
async fn trace(delivery_mode: u8) -> Vec<Call> {
    let folder = tempfile::tempdir().unwrap();
    let broker = traced(folder.path());
    let leader = broker.id().to_string();
    let connection = Connection::open(&format!("amqp://{}", broker.address())).await.unwrap();
    let channel = connection.channel().await.unwrap();
    let declare = QueueDeclare { name: QUEUE, durable: true, ..QueueDeclare::default() };
    channel.queue_declare(&declare).await.unwrap();
    channel.confirm_select().await.unwrap();
    publish(&channel, delivery_mode).await;
    connection.close().await;
    broker.signal("TERM");
    assert_eq!(broker.wait(), Some(0));
    let begin = Instant::now();
    loop {
        let text = fs::read_to_string(folder.path().join("trace")).unwrap();
        if text.lines().any(|line| is_exit(line, &leader)) {
            return calls(&text);
        }
        assert!(begin.elapsed() < PATIENCE, "the tracer ends with the broker");
        thread::yield_now();
    }
}

fn is_exit(line: &str, process: &str) -> bool {
    line.strip_prefix(process).is_some_and(|rest| rest.trim_start().starts_with("+++ exited"))
}

/// The calls in a trace, those in pieces put together again.
fn calls(trace: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut open: HashMap<&str, usize> = HashMap::new();
    for (number, line) in trace.lines().enumerate() {
        let (thread, rest) = line.split_once(char::is_whitespace).unwrap();
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let call = calls.get_mut(open.remove(thread).unwrap()).unwrap();
            call.text.push_str(resumed);
            call.end = number;
        } else if let Some((name, text)) = rest.split_once('(') {
            if rest.ends_with("<unfinished ...>") {
                open.insert(thread, calls.len());
            }
            let (name, text) = (name.to_owned(), text.to_owned());
            calls.push(Call { name, text, begin: number, end: number });
        }
    }
    calls
}

/// The octets as the tracer writes them.
fn written(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |text, octet| text + &format!("\\x{octet:02x}"))
}

/// How far a confirm says that everything is confirmed.
fn confirmed_up_to(call: &Call) -> Option<u32> {
    // AMQP 0-9-1, 1.8.3.13: class 60, method 80, delivery tag, multiple.
    let ack = written(&[1, 0, 1, 0, 0, 0, 13, 0, 60, 0, 80, 0, 0, 0, 0]);
    let (_, tag) = call.text.rsplit_once(&ack)?;
    let octets = tag.split("\\x").skip(1).take(4);
    let number = octets.map(|octet| octet.get(..2).unwrap()).collect::<String>();
    Some(u32::from_str_radix(&number, 16).unwrap())
}

/// Judges the order of one publish.
fn judge(calls: &[Call], number: u32) -> Result<(), Disorder> {
    let is_confirm = |call: &&Call| {
        let to_peer = call.text.contains("<TCP:");
        to_peer && confirmed_up_to(call).is_some_and(|tag| tag >= number)
    };
    let confirm = calls.iter().find(is_confirm).ok_or(Disorder::Unconfirmed)?;
    let body = written(mark(number).as_bytes());
    let is_store = |call: &&Call| call.name.starts_with("pwrite") && call.text.contains(&body);
    let store = calls.iter().find(is_store).ok_or(Disorder::Unstored)?;
    let file = store.text.split(',').next().unwrap();
    let is_sync = |call: &&Call| {
        let same = call.name == "fdatasync" && call.text.starts_with(file);
        same && call.text.ends_with("= 0") && call.begin > store.end && call.end < confirm.begin
    };
    calls.iter().find(is_sync).map(drop).ok_or(Disorder::Unsynced)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirm_is_written_after_its_sync_has_returned() {
    if !can_trace() {
        println!("skipped: no strace that may trace");
        return;
    }
    let durable = trace(2).await;
    for number in 1..=PUBLISHES {
        assert_eq!(judge(&durable, number), Ok(()), "publish {number}");
    }
    // The judgement can fail: without the syncs, and where nothing is stored.
    let unsynced: Vec<Call> = durable.into_iter().filter(|call| call.name != "fdatasync").collect();
    let transient = trace(1).await;
    for number in 1..=PUBLISHES {
        assert_eq!(judge(&unsynced, number), Err(Disorder::Unsynced));
        assert_eq!(judge(&transient, number), Err(Disorder::Unstored));
    }
    println!("order: {PUBLISHES} confirms, each after its fdatasync");
}
