//! Single messages from the shell.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Stdio},
};

use expect_test::{Expect, expect};

use leveret_client::QueueDeclare;

use crate::process::{Broker, leveret};

pub(crate) fn broker() -> Broker {
    Broker::from_command(leveret(&["broker", "--in-memory", "--listen", "127.0.0.1:0"]))
}

fn start(broker: &Broker, words: &[&str]) -> Child {
    let url = format!("amqp://{}", broker.address());
    let mut command = leveret(words);
    command.args(["--url", &url]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Runs a command to its end; gives back the exit code and what it printed on either output.
pub(crate) fn run(broker: &Broker, words: &[&str], input: &[u8]) -> String {
    let mut child = start(broker, words);
    // One that reads nothing may have ended already.
    child.stdin.take().unwrap().write_all(input).ok();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let text = text.replace(&broker.address(), "BROKER");
    format!("{}\n{text}", output.status.code().unwrap())
}

pub(crate) fn check(broker: &Broker, words: &[&str], input: &str, expected: Expect) {
    expected.assert_eq(&run(broker, words, input.as_bytes()));
}

/// Makes the queue.
fn make_queue(broker: &Broker) {
    let url = format!("amqp://{}", broker.address());
    let connection = leveret_client::blocking::Connection::open(&url).unwrap();
    let queue = QueueDeclare { name: QUEUE.try_into().unwrap(), ..QueueDeclare::default() };
    connection.channel().unwrap().queue_declare(&queue).unwrap();
}

const QUEUE: &str = "jobs";

#[test]
fn published_messages_are_seen_and_stay_until_they_are_taken() {
    let broker = broker();
    make_queue(&broker);
    check(
        &broker,
        &["publish", "-q", QUEUE, "-H", "tries:=3", "--content-type", "text/plain", "resize 17"],
        "",
        expect![[r#"
            0
            published 1, each confirmed by the broker
        "#]],
    );
    let seen = expect![[r#"
        0
        #1  exchange (default), key jobs, 9 bytes
          content_type: text/plain
          delivery_mode: 2
          header tries: 3
        resize 17
    "#]];
    for _ in 0..2 {
        seen.assert_eq(&run(&broker, &["get", QUEUE], b""));
    }
    check(
        &broker,
        &["get", QUEUE, "--take", "--json"],
        "",
        expect![[r#"
            0
            {"exchange":"","payload":"resize 17","payload_bytes":9,"payload_encoding":"string","properties":{"content_type":"text/plain","delivery_mode":2,"headers":{"tries":3}},"redelivered":false,"routing_key":"jobs"}
        "#]],
    );
    check(
        &broker,
        &["get", QUEUE],
        "",
        expect![[r#"
            0
            nothing waits in queue `jobs`
        "#]],
    );
}

#[test]
fn lines_become_messages_and_come_out_in_order() {
    let broker = broker();
    make_queue(&broker);
    let numbers: Vec<_> = (1..=3000).map(|number| number.to_string()).collect();
    let lines = numbers.join("\n") + "\n";
    let published = run(&broker, &["publish", "-q", QUEUE, "--lines"], lines.as_bytes());
    assert_eq!(published, "0\npublished 3000, each confirmed by the broker\n");
    let first = run(&broker, &["consume", QUEUE, "--raw", "-n", "1000"], b"");
    let rest = run(&broker, &["consume", QUEUE, "--raw", "--idle", "300ms"], b"");
    assert_eq!(format!("{}{}", &first[2..], &rest[2..]), lines);
}

#[test]
fn what_was_printed_as_json_can_be_published_again() {
    let broker = broker();
    make_queue(&broker);
    run(&broker, &["publish", "-q", QUEUE, "--type", "t", "-H", "a=b"], b"\xff\x00");
    let printed = run(&broker, &["get", QUEUE, "--take", "--json"], b"");
    let again = run(&broker, &["publish", "--json"], &printed.as_bytes()[2..]);
    assert_eq!(again, "0\npublished 1, each confirmed by the broker\n");
    assert_eq!(run(&broker, &["get", QUEUE, "--json"], b""), printed);
}

#[test]
fn what_goes_wrong_is_named() {
    let broker = broker();
    check(
        &broker,
        &["publish", "-q", "nobody", "lost"],
        "",
        expect![[r#"
            69
            message 1: no queue took the message: 312 NO_ROUTE
        "#]],
    );
    check(
        &broker,
        &["publish", "lost"],
        "",
        expect![[r#"
            64
            no queue and no exchange: wanted `--queue`, or `--exchange` and `--key`
        "#]],
    );
    check(
        &broker,
        &["publish", "--json"],
        "{\"payload\": 7, \"routing_key\": \"x\"}\n",
        expect![[r#"
            65
            line 1: `payload` is not there or no string
        "#]],
    );
    check(
        &broker,
        &["get", "nobody"],
        "",
        expect![[r#"
            69
            the broker closed the channel: 404 NOT_FOUND - no queue 'nobody' in vhost '/'
        "#]],
    );
    check(
        &broker,
        &["purge", "nobody"],
        "",
        expect![[r#"
            64
            queue `nobody` is not purged: nobody can be asked here, so `--yes` is needed
        "#]],
    );
    check(
        &broker,
        &["call", "nobody", "hello"],
        "",
        expect![[r#"
            69
            nobody serves exchange ``, routing key `nobody`: 312 NO_ROUTE
        "#]],
    );
}

#[test]
fn a_password_in_an_address_is_not_printed() {
    let output = leveret(&["get", "--url", "amqp://hazel:burrow@127.0.0.1:1/%2F", "jobs"]);
    let (code, text) = crate::process::ended(output);
    assert_eq!(code, Some(69), "{text}");
    assert!(text.starts_with("cannot connect to 127.0.0.1:1: "), "{text}");
    assert!(!text.contains("burrow"), "{text}");
}

#[test]
fn purging_tells_how_many_there_were() {
    let broker = broker();
    make_queue(&broker);
    run(&broker, &["publish", "-q", QUEUE, "--lines"], b"1\n2\n3\n");
    check(
        &broker,
        &["purge", QUEUE, "--yes"],
        "",
        expect![[r#"
            0
            3 messages deleted from queue `jobs`
        "#]],
    );
}

#[test]
fn an_exchange_is_watched_without_taking_anything() {
    let broker = broker();
    make_queue(&broker);
    let mut tail = start(&broker, &["tail", "amq.topic", "order.*", "-n", "1", "--json"]);
    let mut notes = BufReader::new(tail.stderr.take().unwrap());
    let mut note = String::new();
    notes.read_line(&mut note).unwrap();
    assert_eq!(note, "watching exchange `amq.topic`, keys order.*; Ctrl-C ends\n");
    let published = run(&broker, &["publish", "-x", "amq.topic", "-k", "order.paid", "17"], b"");
    assert_eq!(published, "0\npublished 1, each confirmed by the broker\n");
    let output = tail.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains(r#""payload":"17""#) && text.contains(r#""exchange":"amq.topic""#),
        "{text}"
    );
}

#[test]
fn a_message_is_held_back_when_it_is_asked_for() {
    let broker = broker();
    make_queue(&broker);
    run(&broker, &["publish", "-q", QUEUE, "--after", "1h", "later"], b"");
    assert_eq!(run(&broker, &["get", QUEUE], b""), "0\nnothing waits in queue `jobs`\n");
    run(&broker, &["publish", "-q", QUEUE, "--after", "1ms", "soon"], b"");
    let soon = run(&broker, &["consume", QUEUE, "-n", "1", "--raw"], b"");
    assert_eq!(soon, "0\nsoon\n");
}

#[test]
fn a_message_that_waits_for_its_time_is_cancelled_by_name() {
    let broker = broker();
    make_queue(&broker);
    let at = ["publish", "-q", QUEUE, "--at", "2031-12-24T18:00:00+01:00", "--schedule-id", "tree"];
    let waits = run(&broker, &[&at[..], &["light it"]].concat(), b"");
    assert_eq!(waits, "0\npublished 1, each confirmed by the broker\n");
    let cancel = ["publish", "-q", QUEUE, "--cancel", "tree"];
    assert_eq!(run(&broker, &cancel, b""), "0\ncancelled `tree`, confirmed by the broker\n");
    let gone =
        "1\nnothing waits by the name `tree` there: it was routed, cancelled, or never was\n";
    assert_eq!(run(&broker, &cancel, b""), gone);
    run(&broker, &["publish", "-q", QUEUE, "--at", "1999-12-31T23:59:59Z", "past"], b"");
    assert_eq!(run(&broker, &["consume", QUEUE, "-n", "1", "--raw"], b""), "0\npast\n");
    let nameless = run(&broker, &["publish", "-q", QUEUE, "--schedule-id", "tree", "x"], b"");
    assert!(nameless.starts_with("64\n`--schedule-id` names a message that waits"), "{nameless}");
}
