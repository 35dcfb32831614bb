//! Moves and imports that are stopped in the middle, and go on.

use std::{
    collections::HashSet,
    fs,
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use leveret_client::{FieldTable, QueueDeclare, blocking::Connection};
use serde_json::Value;

use crate::{
    messages::broker,
    process::{Broker, leveret},
    relocate::{fill, inside, make, run, url},
};

const MESSAGES: u32 = 600;

/// Longer than anything here takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(1);

/// A command under way.
fn begin(words: &[&str]) -> Child {
    let mut command = leveret(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Its exit code, and what it printed on either output.
fn end(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap_or_else(|| panic!("by a signal: {text}")), text)
}

fn interrupt(child: &Child) {
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Waits until so many are ready there.
fn until_ready(url: &str, queue: &str, count: u32) {
    let connection = Connection::open(url).unwrap();
    let channel = connection.channel().unwrap();
    let name = queue.try_into().unwrap();
    let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
    let start = Instant::now();
    while channel.queue_declare(&passive).unwrap().messages < count {
        assert!(start.elapsed() < PATIENCE, "fewer than {count} came");
        thread::yield_now();
    }
}

/// Both brokers with the queue, the messages in the first; and how they are.
fn staged(from: &str, to: &str) -> Vec<Value> {
    for url in [from, to] {
        make(url, "jobs", FieldTable::default());
    }
    fill(from, "jobs", MESSAGES);
    let before = inside(from, "jobs");
    assert_eq!(before.len(), MESSAGES as usize);
    before
}

/// The same again moves the rest: nothing is lost, nothing is twice, and the order is the old one.
fn goes_on(from: &str, to: &str, before: &[Value], moved: usize) {
    let (gone, left) = before.split_at(moved);
    assert_eq!(inside(to, "jobs"), gone);
    assert_eq!(inside(from, "jobs"), left);
    let rest = run(&["move", "jobs", "--from", from, "--to", to], "");
    assert!(rest.starts_with(&format!("0\n{} moved", before.len() - moved)), "{rest}");
    assert_eq!(inside(to, "jobs"), before);
    assert_eq!(inside(from, "jobs").len(), 0);
}

/// The number before ` moved`.
fn moved_of(text: &str) -> usize {
    let (before, _) = text.split_once(" moved").unwrap_or_else(|| panic!("{text}"));
    before.rsplit([' ', '\n']).next().unwrap().parse().unwrap()
}

#[test]
fn a_move_that_is_interrupted_tells_how_far_it_came_and_goes_on() {
    let (one, other) = (broker(), broker());
    let (from, to) = (url(&one), url(&other));
    let before = staged(&from, &to);
    let slow = ["move", "jobs", "--rate", "20", "--from", &from, "--to", &to];
    let child = begin(&slow);
    until_ready(&to, "jobs", 3);
    interrupt(&child);
    let (code, text) = end(child);
    assert_eq!(code, 3, "{text}");
    assert!(text.starts_with("stopped; ") && text.contains("run it again to go on"), "{text}");
    goes_on(&from, &to, &before, moved_of(&text));
}

#[test]
fn a_move_within_a_broker_is_interrupted_between_two_transactions() {
    let one = broker();
    let url = url(&one);
    let before = staged(&url, &url);
    make(&url, "jobs.v2", FieldTable::default());
    let child = begin(&["move", "jobs", "--as", "jobs.v2", "--rate", "20", "--from", &url]);
    until_ready(&url, "jobs.v2", 3);
    interrupt(&child);
    let (code, text) = end(child);
    assert_eq!(code, 3, "{text}");
    let moved = moved_of(&text);
    assert_eq!(inside(&url, "jobs.v2"), before[..moved]);
    assert_eq!(inside(&url, "jobs"), before[moved..]);
    let rest = run(&["move", "jobs", "--as", "jobs.v2", "--from", &url], "");
    assert!(rest.starts_with(&format!("0\n{} moved", before.len() - moved)), "{rest}");
    assert_eq!(inside(&url, "jobs.v2"), before);
}

/// A broker whose disk is too small when the file says so.
fn narrow(folder: &Path, disk_free: &str) -> Broker {
    let file = write_alarm(folder, disk_free);
    Broker::from_command(leveret(&["broker", "--config", &file]))
}

fn write_alarm(folder: &Path, disk_free: &str) -> String {
    let file = folder.join("broker.toml");
    let (data, listen) = (folder.join("data"), "listen = [\"127.0.0.1:0\"]");
    let alarms =
        format!("[alarms]\nmemory = \"off\"\ndisk_free = \"{disk_free}\"\ninterval = \"50ms\"");
    fs::write(&file, format!("{listen}\ndata_dir = \"{}\"\n{alarms}\n", data.display())).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_move_stops_at_an_alarm_of_the_target_and_goes_on_when_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (broker(), narrow(folder.path(), "off"));
    let (from, to) = (url(&one), url(&other));
    let before = staged(&from, &to);
    let child = begin(&["move", "jobs", "--rate", "20", "--json", "--from", &from, "--to", &to]);
    until_ready(&to, "jobs", 3);
    write_alarm(folder.path(), "1000000GB");
    other.signal("HUP");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.starts_with("the target takes no more messages: "), "{said}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(told["stopped"].as_str().unwrap().starts_with("the target takes no more"), "{told:#}");
    assert!(told["moved"].as_u64().unwrap() >= 3, "{told:#}");
    // An attempt may leave one that the target takes in after the alarm, and that was given back.
    let mut unsure = usize::try_from(told["maybe_on_both_sides"].as_u64().unwrap()).unwrap();
    // As long as the alarm lasts no more than the message that meets it goes over.
    let again = run(&["move", "jobs", "--from", &from, "--to", &to], "");
    assert!(again.starts_with("75\n") || moved_of(&again) == 1, "{again}");
    unsure += unsure_of(&again);
    write_alarm(folder.path(), "off");
    other.signal("HUP");
    // One alone would go over in an alarm, too.
    let start = Instant::now();
    loop {
        let one = run(&["move", "jobs", "-n", "3", "--from", &from, "--to", &to], "");
        if one.starts_with("0\n3 moved") {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{one}");
        unsure += unsure_of(&one);
    }
    goes_on_after_a_cut((&from, &to), &before, unsure);
}

/// Passes a connection on until so many bytes went to the broker; then it is cut, once.
fn cutter(broker: &str, bytes_max: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let broker = broker.to_owned();
    thread::spawn(move || {
        let (near, _) = listener.accept().unwrap();
        let far = TcpStream::connect(broker).unwrap();
        let (mut back, mut home) = (far.try_clone().unwrap(), near.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut back, &mut home).ok());
        let (mut near, mut far, mut passed, mut block) = (near, far, 0, [0; 4096]);
        while passed < bytes_max {
            let Ok(bytes @ 1..) = near.read(&mut block) else { break };
            passed += bytes;
            if far.write_all(block.get(..bytes).unwrap()).is_err() {
                break;
            }
        }
        // Either may be gone by then.
        near.shutdown(Shutdown::Both).ok();
        far.shutdown(Shutdown::Both).ok();
    });
    address
}

/// After a cut some may be on both sides, under their ids; none is lost, and the order holds.
fn goes_on_after_a_cut((from, to): (&str, &str), before: &[Value], unsure: usize) {
    // What the dead connection held is back once the broker has seen its end.
    let start = Instant::now();
    loop {
        let rest = run(&["move", "jobs", "--from", from, "--to", to], "");
        assert!(rest.starts_with("0\n"), "{rest}");
        if inside(to, "jobs").len() >= before.len() {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{rest}");
    }
    assert_eq!(inside(from, "jobs").len(), 0);
    let after = inside(to, "jobs");
    assert!(after.len() - before.len() <= unsure, "{} instead of {unsure}", after.len());
    let id = |message: &Value| message.pointer("/properties/message_id").cloned().unwrap();
    let mut seen = HashSet::new();
    let first: Vec<Value> = after.into_iter().filter(|one| seen.insert(id(one))).collect();
    assert_eq!(first, before);
}

/// The number after `up to`, if some may be on both sides.
fn unsure_of(text: &str) -> usize {
    text.split_once("up to ")
        .map_or(0, |(_, rest)| rest.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn a_move_whose_target_is_cut_off_loses_nothing() {
    let (one, other) = (broker(), broker());
    let (from, to) = (url(&one), url(&other));
    let before = staged(&from, &to);
    let cut = format!("amqp://{}", cutter(&other.address(), 90_000));
    let (code, text) = end(begin(&["move", "jobs", "--from", &from, "--to", &cut]));
    assert_eq!(code, 3, "{text}");
    goes_on_after_a_cut((&from, &to), &before, unsure_of(&text));
}

#[test]
fn a_move_whose_source_is_cut_off_loses_nothing() {
    let (one, other) = (broker(), broker());
    let (from, to) = (url(&one), url(&other));
    let before = staged(&from, &to);
    // Acknowledgements are short: after the second or third batch.
    let cut = format!("amqp://{}", cutter(&one.address(), 8_000));
    let (code, text) = end(begin(&["move", "jobs", "--from", &cut, "--to", &to]));
    assert_eq!(code, 3, "{text}");
    goes_on_after_a_cut((&from, &to), &before, unsure_of(&text));
}

#[test]
fn an_import_that_is_interrupted_tells_what_is_published() {
    let one = broker();
    let url = url(&one);
    make(&url, "jobs", FieldTable::default());
    let mut child = begin(&["publish", "-q", "jobs", "--lines", "--url", &url]);
    let (sender, stop) = mpsc::channel::<()>();
    let mut input = child.stdin.take().unwrap();
    // Lines are offered until nobody reads them.
    let feeder = thread::spawn(move || {
        for number in 0_u64.. {
            let is_over = stop.try_recv().is_ok();
            if is_over || input.write_all(format!("{number}\n").as_bytes()).is_err() {
                return;
            }
        }
    });
    until_ready(&url, "jobs", 5);
    interrupt(&child);
    let (code, text) = end(child);
    // It has ended, so a full pipe fails.
    sender.send(()).ok();
    feeder.join().unwrap();
    assert_eq!(code, 3, "{text}");
    assert!(text.starts_with("stopped by Ctrl-C; "), "{text}");
    let published: u32 = text.split(' ').nth(3).unwrap().parse().unwrap();
    let connection = Connection::open(&url).unwrap();
    let name = "jobs".try_into().unwrap();
    let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
    let ready = connection.channel().unwrap().queue_declare(&passive).unwrap().messages;
    assert_eq!(ready, published, "{text}");
}
