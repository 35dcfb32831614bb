//! What known tools ask for, by their documents, and the fields they read.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leveret_broker::Broker;
use serde_json::{Value, json};

use crate::{
    admin_api::{ask, put},
    bad_http::raw,
    http_objects::{broker, post},
};

/// Sends a request and gives back all of the answer.
async fn whole(broker: &Broker, line: &str, headers: &str, body: &str) -> String {
    let (login, bytes) = (STANDARD.encode("guest:guest"), body.len());
    let request = format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Basic {login}\r\n\
         {headers}content-length: {bytes}\r\n\r\n{body}"
    );
    raw(broker, request.as_bytes()).await
}

fn has_numbers(found: &Value, paths: &[&str]) {
    for path in paths {
        let pointer = format!("/{}", path.replace('.', "/"));
        assert!(found.pointer(&pointer).is_some_and(Value::is_number), "{path}: {found}");
    }
}

/// KEDA's scaler: one queue, and all that a pattern matches on one page.
#[tokio::test]
async fn keda_reads_lengths_and_rates() {
    let broker = broker().await;
    for name in ["jobs.a", "jobs.b", "other"] {
        assert_eq!(put(&broker, &format!("queues/%2F/{name}"), json!({})).await, 201);
    }
    let fields = [
        "messages",
        "messages_ready",
        "messages_unacknowledged",
        "message_stats.publish_details.rate",
        "message_stats.deliver_get_details.rate",
    ];
    let (_, queue) = ask(&broker, "GET /api/queues/%2F/jobs.a").await;
    has_numbers(&queue, &fields);
    let line = "GET /api/queues/%2F?page=1&use_regex=true&pagination=false&name=%5Ejobs%5C..*&page_size=100";
    let (_, page) = ask(&broker, line).await;
    assert_eq!(page["page_count"], 1);
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for queue in items {
        has_numbers(queue, &fields);
    }
    broker.shutdown().await;
}

/// The provider of Terraform: what it made it finds, by the last segment of `Location`; what is
/// gone is 404.
#[tokio::test]
async fn terraform_makes_finds_and_destroys() {
    let broker = broker().await;
    assert!(ask(&broker, "GET /api/overview").await.1["rabbitmq_version"].is_string());
    let exchange =
        json!({ "type": "topic", "durable": true, "auto_delete": false, "arguments": {} });
    assert_eq!(put(&broker, "exchanges/%2F/x", exchange).await, 201);
    let queue =
        json!({ "durable": true, "auto_delete": false, "arguments": { "x-max-length": 5 } });
    assert_eq!(put(&broker, "queues/%2F/q", queue).await, 201);
    let binding = json!({
        "source": "x", "vhost": "/", "destination": "q", "destination_type": "queue",
        "routing_key": "a.#", "arguments": { "x-extra": "1" }, "properties_key": "",
    });
    let path = "/api/bindings/%2F/e/x/q/q";
    let made = whole(&broker, &format!("POST {path}"), "", &binding.to_string()).await;
    assert!(made.starts_with("HTTP/1.1 201"), "{made}");
    let location = made.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    let last = location.rsplit('/').next().unwrap();
    let key = last.replace("%25", "%").replace("%7E", "~");
    let (_, all) = ask(&broker, "GET /api/bindings/%2F").await;
    let is_it = |found: &&Value| found["properties_key"] == key;
    let found = all.as_array().unwrap().iter().find(is_it).unwrap();
    assert_eq!((&found["source"], &found["routing_key"]), (&json!("x"), &json!("a.#")));
    assert_eq!(found["arguments"], json!({ "x-extra": "1" }));
    let (_, queue) = ask(&broker, "GET /api/queues/%2F/q").await;
    assert_eq!((&queue["durable"], &queue["auto_delete"]), (&json!(true), &json!(false)));
    for line in
        [format!("{path}/{last}"), "/api/queues/%2F/q".into(), "/api/exchanges/%2F/x".into()]
    {
        assert_eq!(ask(&broker, &format!("DELETE {line}")).await.0, 204, "{line}");
        assert_eq!(ask(&broker, &format!("GET {line}")).await.0, 404, "{line}");
    }
    broker.shutdown().await;
}

/// Flower, Telegraf's input, the exporter of kbudde, Hutch.
#[tokio::test]
async fn monitors_find_their_fields() {
    let broker = broker().await;
    assert_eq!(put(&broker, "queues/%2F/celery", json!({})).await, 201);
    let message = json!({
        "properties": {}, "routing_key": "celery", "payload": "", "payload_encoding": "string",
    });
    assert_eq!(post(&broker, "exchanges/%2F/amq.default/publish", message).await.0, 200);
    let (_, queues) = ask(&broker, "GET /api/queues/%2F").await;
    has_numbers(
        &queues[0],
        &[
            "messages",
            "messages_ready",
            "messages_unacknowledged",
            "messages_persistent",
            "messages_ram",
            "message_bytes",
            "message_bytes_ready",
            "message_bytes_unacknowledged",
            "message_bytes_ram",
            "message_bytes_persistent",
            "consumers",
            "consumer_utilisation",
            "memory",
            "messages_details.rate",
            "message_stats.publish",
            "message_stats.ack_details.rate",
        ],
    );
    let accept = "accept: application/bert\r\n";
    let answer = whole(&broker, "GET /api/overview", accept, "").await;
    assert!(answer.contains("content-type: application/json"), "{answer}");
    let (_, overview) = ask(&broker, "GET /api/overview").await;
    assert_eq!(overview["message_stats"]["publish"], 1);
    has_numbers(
        &overview,
        &[
            "queue_totals.messages",
            "queue_totals.messages_details.rate",
            "object_totals.queues",
            "object_totals.consumers",
            "message_stats.publish_details.rate",
            "message_stats.deliver_details.rate",
            "message_stats.deliver_no_ack_details.rate",
        ],
    );
    let (_, exchanges) = ask(&broker, "GET /api/exchanges").await;
    has_numbers(&exchanges[0], &["message_stats.publish_in", "message_stats.publish_out"]);
    let (_, bindings) = ask(&broker, "GET /api/bindings").await;
    for key in ["source", "destination", "vhost", "routing_key", "properties_key"] {
        assert!(bindings[0][key].is_string(), "{key} {bindings}");
    }
    broker.shutdown().await;
}
