//! `leveret bench` against a broker of its own.

use serde_json::Value;

use crate::process::{Broker, ended, leveret};

fn measured(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let url = format!("amqp://guest:guest@{}/%2F", broker.address());
    let pid = broker.id().to_string();
    let mut all = vec!["bench", "--json", "--url", &url, "--broker-pid", &pid];
    all.extend(arguments);
    let output = leveret(&all).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn all_messages_that_were_asked_for_are_published_confirmed_and_consumed() {
    let report =
        measured(&["--messages", "2000", "--persistent", "--window", "100", "--ack", "10"]);
    for counted in ["published", "confirmed", "consumed"] {
        assert_eq!(report.get(counted).and_then(Value::as_u64), Some(2000), "{counted}");
    }
    let latency = report.get("confirm_latency").and_then(|latency| latency.get("p50"));
    assert!(latency.and_then(Value::as_f64).unwrap() > 0.0);
    assert!(report.get("broker").is_some_and(Value::is_object));
}

#[test]
fn a_fanout_gives_each_queue_each_message() {
    let report = measured(&["--messages", "500", "--pattern", "fanout", "--queues", "3"]);
    assert_eq!(report.get("published").and_then(Value::as_u64), Some(500));
    assert_eq!(report.get("consumed").and_then(Value::as_u64), Some(1500));
}

#[test]
fn each_of_many_bindings_leads_to_one_queue() {
    let topic = ["--messages", "500", "--pattern", "topic", "--queues", "3", "--bindings", "40"];
    let report = measured(&topic);
    assert_eq!(report.get("consumed").and_then(Value::as_u64), Some(500));
}

#[test]
fn a_broker_that_is_not_there_is_69_and_named() {
    let (code, text) = ended(leveret(&["bench", "--url", "amqp://guest:secret@127.0.0.1:1/%2F"]));
    assert_eq!(code, Some(69), "{text}");
    assert!(text.contains("127.0.0.1:1"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}
