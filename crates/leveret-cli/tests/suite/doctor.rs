//! `leveret doctor` against brokers that are well and not.

use std::{net::TcpListener, process::Stdio};

use serde_json::Value;

use crate::{
    ctl::{address, broker, ctl},
    process::{Broker, leveret},
};

/// The exit code, and how each thing is.
fn doctor(words: &[&str]) -> (i32, Value) {
    let mut command = leveret(&[&["doctor", "--json"], words].concat());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let said = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
    (output.status.code().unwrap(), said)
}

/// How one thing is; what is not well says what mends it.
#[track_caller]
fn health<'a>(said: &'a Value, name: &str) -> &'a str {
    let mut checks = said["checks"].as_array().unwrap().iter();
    let check = checks.find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("no {name}: {said:#}"));
    let health = check["health"].as_str().unwrap();
    assert!(!["warn", "fail"].contains(&health) || check["fix"].is_string(), "{said:#}");
    health
}

fn at(broker: &Broker, login: &str, words: &[&str]) -> (i32, Value) {
    let (url, api) = (format!("amqp://{login}@{}", broker.address()), address(broker));
    doctor(&[&["--url", &url, "--http", &api], words].concat())
}

#[test]
fn a_broker_that_is_well() {
    let broker = broker();
    let (code, said) = at(&broker, "guest:guest", &[]);
    assert_eq!((code, &said["healthy"]), (0, &true.into()), "{said:#}");
    for name in ["name", "port", "tls", "login", "vhost", "version", "http api", "permissions"] {
        assert_eq!(health(&said, name), "ok", "{name}: {said:#}");
    }
    assert_ne!(health(&said, "clock"), "warn", "{said:#}");
}

#[test]
fn what_is_wrong_is_named_with_its_step() {
    let broker = broker();
    let (code, said) = at(&broker, "guest:wrong", &[]);
    assert_eq!((code, health(&said, "login")), (1, "fail"), "{said:#}");
    let url = format!("amqp://{}/nowhere", broker.address());
    let (code, said) = doctor(&["--url", &url, "--http", &address(&broker)]);
    assert_eq!((code, health(&said, "vhost")), (1, "fail"), "{said:#}");
    let (code, said) = doctor(&["--url", "amqp://127.0.0.1:1", "--http", "127.0.0.1:1"]);
    assert_eq!((code, health(&said, "port")), (1, "fail"), "{said:#}");
    assert_eq!(health(&said, "http api"), "skipped");
    let (code, said) = doctor(&["--url", "amqp://no-such-host.invalid"]);
    assert_eq!((code, health(&said, "name")), (1, "fail"), "{said:#}");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    drop(silent);
    let (code, said) = doctor(&["--url", &format!("amqp://127.0.0.1:{port}")]);
    assert_eq!((code, health(&said, "port")), (1, "fail"), "{said:#}");
    // HTTP where AMQP was meant.
    let (code, said) = doctor(&["--url", &format!("amqp://{}", address(&broker))]);
    assert_eq!((code, health(&said, "amqp")), (1, "fail"), "{said:#}");
}

#[test]
fn permissions_and_queues_are_looked_at() {
    let broker = broker();
    ctl(&broker, &["add-user", "hazel", "--tags", "administrator"], "down\n");
    ctl(&broker, &["set-permissions", "hazel", "", "", ""], "");
    let (code, said) = at(&broker, "hazel:down", &[]);
    assert_eq!((code, health(&said, "permissions")), (1, "fail"), "{said:#}");
    let (code, said) = at(&broker, "guest:guest", &["--queue", "jobs"]);
    assert_eq!((code, health(&said, "queue")), (1, "fail"), "{said:#}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.toml");
    std::fs::write(&file, "[consumers.mail]\nqueue = \"mails\"\n").unwrap();
    let (code, said) = at(&broker, "guest:guest", &["--config", file.to_str().unwrap()]);
    assert_eq!((code, health(&said, "queue")), (1, "fail"), "{said:#}");
    assert!(said.to_string().contains("`mails`"), "{said:#}");
}
