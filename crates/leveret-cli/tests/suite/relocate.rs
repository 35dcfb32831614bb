//! `leveret move` between brokers that run, ours and theirs.

use std::{io::Write as _, process::Stdio};

use expect_test::expect;
use leveret_client::{FieldTable, QueueBinding, QueueDeclare, blocking::Connection};
use serde_json::{Value, json};

use crate::{
    messages::broker,
    process::{Broker, leveret},
};

pub(crate) fn url(broker: &Broker) -> String {
    format!("amqp://{}", broker.address())
}

/// Runs a command; gives back the exit code and what it printed on either output.
pub(crate) fn run(words: &[&str], input: &str) -> String {
    let mut command = leveret(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that reads nothing may have ended already.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    format!("{}\n{text}", output.status.code().unwrap())
}

/// Makes an empty queue, bound to the topic exchange.
pub(crate) fn make(url: &str, name: &str, arguments: FieldTable) {
    let connection = Connection::open(url).unwrap();
    let channel = connection.channel().unwrap();
    let queue = leveret_client::ShortStr::try_from(name).unwrap();
    let declare = QueueDeclare { name: queue.clone(), arguments, ..QueueDeclare::default() };
    channel.queue_declare(&declare).unwrap();
    channel.queue_purge(queue.clone()).unwrap();
    let binding = QueueBinding {
        queue,
        exchange: leveret_client::ShortStr::from_static("amq.topic"),
        routing_key: leveret_client::ShortStr::try_from(format!("{name}.#").as_str()).unwrap(),
        arguments: FieldTable::default(),
    };
    channel.queue_bind(&binding).unwrap();
}

/// Publishes so many messages, each otherwise than the one before.
pub(crate) fn fill(url: &str, queue: &str, count: u32) {
    let line = |number: u32| {
        let properties = json!({
            "message_id": format!("m-{number}"), "delivery_mode": 1 + number % 2,
            "priority": number % 5, "content_type": "text/plain", "user_id": "guest",
            "timestamp": 1_700_000_000 + number, "correlation_id": format!("c-{number}"),
            "headers": { "n": number, "deep": { "list": [1, "two", true] } },
        });
        let message = json!({
            "exchange": "amq.topic", "routing_key": format!("{queue}.{number}"),
            "payload": number.to_string(), "payload_encoding": "string", "properties": properties,
        });
        format!("{message}\n")
    };
    let lines: String = (0..count).map(line).collect();
    let published = run(&["publish", "--json", "--url", url], &lines);
    assert!(published.starts_with("0\n"), "{published}");
}

/// What is in a queue, without what no move can keep.
pub(crate) fn inside(url: &str, queue: &str) -> Vec<Value> {
    let text = run(&["get", queue, "-n", "1000", "--json", "--url", url], "");
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let mut messages: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    for message in &mut messages {
        let message = message.as_object_mut().unwrap();
        message.remove("exchange");
        message.remove("redelivered");
        message.remove("message_count");
        // A quorum queue counts each look.
        let properties = message["properties"].as_object_mut().unwrap();
        if let Some(headers) = properties.get_mut("headers").and_then(Value::as_object_mut) {
            headers.remove("x-delivery-count");
            if headers.is_empty() {
                properties.remove("headers");
            }
        }
    }
    messages
}

/// All messages arrive as they were, in their order, and none stays.
fn there_and_back(one: &str, other: &str) {
    for url in [one, other] {
        make(url, "moved.far", FieldTable::default());
    }
    fill(one, "moved.far", 600);
    let before = inside(one, "moved.far");
    assert_eq!(before.len(), 600);
    let copied = run(&["move", "moved.far", "--copy", "--from", one, "--to", other], "");
    assert!(copied.starts_with("0\n600 copied"), "{copied}");
    assert_eq!(inside(one, "moved.far").len(), 600);
    assert_eq!(inside(other, "moved.far"), before);
    run(&["purge", "moved.far", "--yes", "--url", other], "");
    for (from, to) in [(one, other), (other, one)] {
        let moved = run(&["move", "moved.far", "--from", from, "--to", to], "");
        assert!(moved.starts_with("0\n600 moved") && !moved.contains(';'), "{moved}");
        assert_eq!(inside(from, "moved.far").len(), 0);
        assert_eq!(inside(to, "moved.far"), before);
    }
}

#[test]
fn messages_move_between_two_brokers_of_ours_as_they_are() {
    let (one, other) = (broker(), broker());
    there_and_back(&url(&one), &url(&other));
}

#[test]
fn messages_move_to_rabbitmq_and_back_as_they_are() {
    let Some(theirs) = std::env::var("AMQP_URL").ok().filter(|url| !url.is_empty()) else {
        println!("skipped against RabbitMQ: AMQP_URL is not set");
        return;
    };
    let ours = broker();
    there_and_back(&url(&ours), &theirs);
}

#[test]
fn within_one_broker_so_many_move_in_one_transaction() {
    let broker = broker();
    let url = url(&broker);
    make(&url, "jobs", FieldTable::default());
    make(&url, "jobs.v2", FieldTable::default());
    fill(&url, "jobs", 10);
    let before = inside(&url, "jobs");
    let check = |words: &[&str], expected: expect_test::Expect| {
        expected.assert_eq(&run(&[words, &["--from", &url]].concat(), ""));
    };
    check(
        &["move", "jobs", "--as", "jobs.v2", "--dry-run"],
        expect![[r#"
        0
        10 messages would be moved from queue jobs to queue jobs.v2
    "#]],
    );
    check(
        &["move", "jobs", "--as", "jobs.v2", "-n", "4", "--rate", "1000"],
        expect![[r#"
        0
        4 moved from queue jobs to queue jobs.v2
    "#]],
    );
    assert_eq!(inside(&url, "jobs.v2"), before[..4]);
    assert_eq!(inside(&url, "jobs"), before[4..]);
    check(
        &["move", "jobs", "--as", "jobs.v2"],
        expect![[r#"
        0
        6 moved from queue jobs to queue jobs.v2
    "#]],
    );
    assert_eq!(inside(&url, "jobs.v2"), before);
    check(
        &["move", "jobs", "--as", "jobs.v2"],
        expect![[r#"
        0
        0 moved from queue jobs to queue jobs.v2
    "#]],
    );
    check(
        &["move", "jobs"],
        expect![[r#"
        64
        queue `jobs` cannot be moved onto itself: wanted --to or --as
    "#]],
    );
    check(
        &["move", "jobs", "--as", "none"],
        expect![[r#"
        69
        the target has no queue `none`: the broker closed the channel: 404 NOT_FOUND - no queue 'none' in vhost '/' (make it first, by `leveret topology apply` or `--all`)
    "#]],
    );
    check(
        &["move"],
        expect![[r#"
        64
        error: the following required arguments were not provided:
          <QUEUE>

        Usage: leveret move --from <URL> <QUEUE>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn what_the_target_refuses_stays_in_its_order() {
    let (one, other) = (broker(), broker());
    let (from, to) = (url(&one), url(&other));
    make(&from, "jobs", FieldTable::default());
    let bounded = FieldTable::builder()
        .insert("x-max-length", 3i64)
        .insert("x-overflow", "reject-publish")
        .build();
    make(&to, "jobs", bounded);
    fill(&from, "jobs", 10);
    let before = inside(&from, "jobs");
    let refused = run(&["move", "jobs", "--from", &from, "--to", &to], "");
    expect![[r#"
        3
        the broker refused the message; 3 moved, the rest stays: run it again to go on
    "#]]
    .assert_eq(&refused);
    assert_eq!(inside(&to, "jobs"), before[..3]);
    assert_eq!(inside(&from, "jobs"), before[3..]);
}

#[test]
fn a_copy_header_and_a_foreign_user_id_do_no_harm() {
    let (one, other) = (broker(), broker());
    let (from, to) = (url(&one), url(&other));
    for url in [&from, &to] {
        make(url, "jobs", FieldTable::default());
        make(url, "copies", FieldTable::default());
    }
    run(&["publish", "-q", "jobs", "--url", &from, "-H", r#"CC:=["copies"]"#, "one"], "");
    let moved = run(&["move", "jobs", "--from", &from, "--to", &to], "");
    assert!(moved.starts_with("0\n1 moved"), "{moved}");
    assert_eq!(inside(&to, "copies").len(), 0);
    let headers = &inside(&to, "jobs")[0]["properties"]["headers"];
    assert_eq!(*headers, json!({ "x-leveret-cc": ["copies"] }));
}

fn with_http() -> (Broker, String, String) {
    let any = "127.0.0.1:0";
    let words = ["broker", "--in-memory", "--listen", any, "--admin-listen", any];
    let broker = Broker::from_command(leveret(&words));
    let line = broker.banner.lines().find(|line| line.contains("admin api")).unwrap();
    let http = format!("http://{}", line.split_whitespace().last().unwrap());
    let url = url(&broker);
    (broker, url, http)
}

/// Everything of one broker, to another: declared, bound, ruled, and the messages in it.
fn whole(from: (&str, &str), to: (&str, &str)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    let file = file.to_str().unwrap();
    let text = r#"
[exchanges."whole.in"]
type = "topic"
[queues."whole.a"]
type = "quorum"
bind = [{ exchange = "whole.in", key = "a.#" }]
[queues."whole.b"]
arguments = { x-max-length = 100 }
bind = [{ exchange = "whole.in", key = "b.#" }]
[policies."whole.short"]
pattern = "^whole\\.b"
apply-to = "queues"
definition = { message-ttl = 86400000 }
"#;
    std::fs::write(file, text).unwrap();
    clear(file, [from, to]);
    let applied = run(&["topology", "apply", file, "--url", from.0, "--http", from.1], "");
    assert!(applied.starts_with("0\n"), "{applied}");
    for (key, count) in [("a", 5), ("b", 3)] {
        for _ in 0..count {
            run(
                &["publish", "-x", "whole.in", "-k", &format!("{key}.x"), "--url", from.0, "m"],
                "",
            );
        }
    }
    let before = (inside(from.0, "whole.a"), inside(from.0, "whole.b"));
    let words =
        ["move", "--all", "--from", from.0, "--from-http", from.1, "--to", to.0, "--to-http", to.1];
    let dry = run(&[&words[..], &["--dry-run"]].concat(), "");
    assert!(dry.starts_with("0\n") && dry.contains("whole.a  5           5"), "{dry}");
    let moved = run(&words, "");
    assert!(moved.starts_with("0\n") && moved.contains("whole.a  5      0"), "{moved}");
    assert_eq!((inside(to.0, "whole.a"), inside(to.0, "whole.b")), before);
    let plan = run(&["topology", "plan", file, "--url", to.0, "--http", to.1], "");
    assert!(plan.starts_with("0\nNo changes"), "{plan}");
    clear(file, [from, to]);
}

/// A broker that stays may have something of a run that failed.
fn clear(file: &str, brokers: [(&str, &str); 2]) {
    for (url, http) in brokers {
        let words =
            ["topology", "delete", file, "--yes", "--with-messages", "--url", url, "--http", http];
        let deleted = run(&words, "");
        assert!(deleted.starts_with("0\n"), "{deleted}");
    }
}

#[test]
fn a_whole_broker_moves_to_another_of_ours() {
    let (_one, from, from_http) = with_http();
    let (_other, to, to_http) = with_http();
    whole((&from, &from_http), (&to, &to_http));
}

#[test]
fn a_whole_broker_moves_to_rabbitmq_and_back() {
    let variable = |name| std::env::var(name).ok().filter(|url| !url.is_empty());
    let (Some(theirs), Some(their_http)) = (variable("AMQP_URL"), variable("HTTP_URL")) else {
        println!("skipped against RabbitMQ: AMQP_URL and HTTP_URL are not set");
        return;
    };
    let (_ours, url, http) = with_http();
    // A virtual host of its own: other tests have the usual one.
    let address = their_http.trim_start_matches("http://");
    let ctl = ["ctl", "--http", address, "-p", "whole"];
    for words in [&["add-vhost", "whole"][..], &["set-permissions", "guest", ".*", ".*", ".*"]] {
        let done = run(&[&ctl[..], words].concat(), "");
        assert!(done.starts_with("0\n"), "{done}");
    }
    let (authority, _) = theirs.rsplit_once('/').unwrap();
    let theirs = format!("{authority}/whole");
    whole((&url, &http), (&theirs, &their_http));
    whole((&theirs, &their_http), (&url, &http));
}
