//! `leveret handlers` against an application that runs.

use std::process::{Command, Stdio};

use expect_test::{Expect, expect};
use leveret::{Handler, Publish};
use tokio::sync::watch;

use crate::{
    application::Application,
    messages::broker,
    process::{Broker, leveret},
};

fn run(address: &str, words: &[&str]) -> String {
    let mut command: Command = leveret(&[&["handlers", "--app", address], words].concat());
    let output = command.env("USER", "ann").stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    format!("{}\n{}", output.status.code().unwrap(), text.replace(address, "APP"))
}

/// A handler with a message in hand until it is let go.
fn busy(broker: &Broker) -> (watch::Sender<bool>, Application) {
    let (open, gate) = watch::channel(false);
    let work = move || {
        let mut gate = gate.clone();
        async move { gate.wait_for(|is_open| *is_open).await.map(drop).unwrap() }
    };
    let handler = Handler::new("jobs", work).named("work").concurrency(2).concurrency_up_to(4);
    let app = Application::start(&broker.address(), vec![handler]);
    app.runtime.block_on(async {
        app.running.publisher().publish(Publish::to_queue("jobs")).await.unwrap();
        while app.running.stats().handler("work").in_flight == 0 {
            tokio::task::yield_now().await;
        }
    });
    (open, app)
}

#[test]
fn a_handler_is_listed_paused_resized_drained_and_resumed() {
    let broker = broker();
    let (open, app) = busy(&broker);
    let address = app.address();
    let check = |words: &[&str], expected: Expect| expected.assert_eq(&run(&address, words));
    check(
        &["ls"],
        expect![[r#"
        0
        handler  queue  state    workers  in hand  handled/s  last error  paused by
        work     jobs   running  2 of 4   1        0.0
    "#]],
    );
    check(
        &["concurrency", "work", "3"],
        expect![[r#"
        0
        handler  queue  state    workers  in hand  handled/s  last error  paused by
        work     jobs   running  3 of 4   1        0.0
    "#]],
    );
    check(
        &["concurrency", "work", "5"],
        expect![[r#"
        65
        refused: handler `work` cannot have a concurrency of 5, only 1 to 4 (more is declared with `concurrency_up_to`)
    "#]],
    );
    let pause = ["pause", "work", "--reason", "the host moves", "--owner", "bob"];
    check(
        &pause,
        expect![[r#"
        0
        handler  queue  state     workers  in hand  handled/s  last error  paused by
        work     jobs   draining  3 of 4   1        0.0                    bob: the host moves
    "#]],
    );
    check(
        &["drain", "work", "--wait", "0s"],
        expect![[r#"
        75
        handler  queue  state     workers  in hand  handled/s  last error  paused by
        work     jobs   draining  3 of 4   1        0.0                    ann
    "#]],
    );
    open.send(true).unwrap();
    // From here on there is a rate, which no test knows.
    let drained = run(&address, &["drain", "work", "--reason", "the host moves"]);
    assert!(drained.starts_with("0\n") && drained.contains(" paused "), "{drained}");
    assert!(drained.ends_with(" ann: the host moves\n"), "{drained}");
    let resumed = run(&address, &["resume", "work"]);
    assert!(resumed.starts_with("0\n") && resumed.contains(" running "), "{resumed}");
    check(
        &["resume", "wrok"],
        expect![[r#"
        66
        refused: there is no handler `wrok`: there are `work`
    "#]],
    );
    let json = run(&address, &["ls", "--json"]);
    assert!(json.contains(r#""state": "running""#), "{json}");
}

#[test]
fn who_does_not_answer_is_told() {
    let broker = broker();
    let text = run(&broker.address(), &["ls"]);
    expect![[r#"
        69
        what answers at APP is no application under control
    "#]]
    .assert_eq(&text);
    let text = run("127.0.0.1:1", &["ls"]);
    expect![[r#"
        69
        cannot reach the application at APP: Connection refused (os error 111)
    "#]]
    .assert_eq(&text);
    let text = run("127.0.0.1:1", &["--token-file", "nowhere", "ls"]);
    expect![[r#"
        66
        cannot read the token in `nowhere`: No such file or directory (os error 2)
    "#]]
    .assert_eq(&text);
}
