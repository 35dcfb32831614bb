//! Dead letters through a new build, while nothing leaves.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use expect_test::expect;
use leveret_client::{ConsumeOptions, Publish, Refusal, ShortStr, blocking::Connection};

use crate::{
    dlq::{bodies, staged},
    messages::{check, run},
};

const TOPOLOGY: &str = r#"
[queues.jobs]
arguments = { x-dead-letter-exchange = "", x-dead-letter-routing-key = "jobs.dead" }
[queues."jobs.dead"]
[queues.results]
"#;

/// Handles what a command would: image 1 gives two outputs, 17 none, and the rest is rejected.
fn handle(url: &str) {
    let connection = Connection::open(url).unwrap();
    let channel = connection.channel().unwrap();
    channel.confirm_select().unwrap();
    let jobs = ShortStr::from_static("jobs");
    let mut consumer = channel.consume(jobs, ConsumeOptions::default()).unwrap();
    while let Ok(delivery) = consumer.recv() {
        let body = String::from_utf8(delivery.body.to_vec()).unwrap();
        if body.contains("{\"id\":1}") {
            for _ in 0..2 {
                let publish = Publish {
                    routing_key: ShortStr::from_static("results"),
                    body: "small image".into(),
                    ..Publish::default()
                };
                channel.publish_and_confirm(publish).unwrap();
            }
        }
        if body.contains("{\"id\":1}") || body.contains("{\"id\":17}") {
            channel.ack(&delivery).unwrap();
        } else {
            channel.nack(&delivery, Refusal::Discard).unwrap();
        }
    }
}

/// A command that only tells its address; somebody in the test consumes for it.
fn command(folder: &Path) -> (String, thread::JoinHandle<()>) {
    let (script, told) = (folder.join("build.sh"), folder.join("url"));
    let text =
        format!("echo \"$AMQP_URL\" > {0}.new; mv {0}.new {0}; exec sleep 600\n", told.display());
    std::fs::write(&script, text).unwrap();
    let consuming = thread::spawn(move || {
        let until = Instant::now() + Duration::from_mins(1);
        while !told.exists() {
            assert!(Instant::now() < until, "the command is started in time");
            thread::yield_now();
        }
        handle(std::fs::read_to_string(&told).unwrap().trim());
    });
    (format!("sh {}", script.display()), consuming)
}

#[test]
fn a_trial_shows_what_becomes_of_each_message_and_sends_nothing() {
    let (broker, folder) = (staged(), tempfile::tempdir().unwrap());
    let topology = folder.path().join("t.toml");
    std::fs::write(&topology, TOPOLOGY).unwrap();
    let before = bodies(&broker, "jobs.dead");
    let (command, consuming) = command(folder.path());
    let topology = topology.to_str().unwrap();
    let words =
        ["dlq", "redrive", "jobs.dead", "-n", "3", "--shadow", &command, "--topology", topology];
    check(
        &broker,
        &words,
        "",
        expect![[r#"
            0
            message  before                             now             outputs
            a        timeout: no answer within 5 s      handled         2 in results
            b        no-image: image 17 is not there    handled
            c        no-image: image 4711 is not there  dead: rejected
            2 of 3 handled now, 1 dead again, 0 to be tried again later, 0 unanswered; nothing was sent
        "#]],
    );
    consuming.join().unwrap();
    assert_eq!(bodies(&broker, "jobs.dead"), before);
    assert_eq!(bodies(&broker, "jobs"), "0\nnothing waits in queue `jobs`\n");
}

#[test]
fn a_command_that_takes_nothing_is_told() {
    let broker = staged();
    let words = ["dlq", "redrive", "jobs.dead", "--shadow", "sleep 600", "--patience", "100ms"];
    check(
        &broker,
        &words,
        "",
        expect![[r#"
            1
            the command cannot be tried: it did not consume from queue `jobs` within 100 ms
        "#]],
    );
    let groups = run(&broker, &["dlq", "ls", "jobs.dead"], b"");
    assert!(groups.contains("jobs.dead  4"), "{groups}");
}
