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
        assert!(queue["name"].as_str().unwrap().starts_with("jobs."), "{queue}");
    }
    // It gives up if there is more than a page, and scales nothing by a queue that is not there.
    let (_, page) = ask(&broker, &line.replace("page_size=100", "page_size=1")).await;
    assert_eq!(page["page_count"], 2);
    assert_eq!(ask(&broker, "GET /api/queues/%2F/none").await.0, 404);
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

/// The rest of what the provider of Terraform manages: made, changed, found as it was made, and
/// 404 once it is gone.
#[tokio::test]
async fn terraform_manages_users_rights_and_policies() {
    let broker = broker().await;
    assert_eq!(ask(&broker, "GET /api/whoami").await.1["name"], "guest");
    let vhost =
        |description: &str| json!({ "description": description, "tags": null, "tracing": false });
    let user = |tags: &[&str]| json!({ "name": "hazel", "tags": tags, "password": "down" });
    let permission = |read: &str| json!({ "configure": "", "write": "^a", "read": read });
    let topic = |write: &str| json!({ "exchange": "amq.topic", "write": write, "read": ".*" });
    let policy = |length: u64| {
        json!({
            "vhost": "dev", "name": "p", "pattern": "^q", "apply-to": "queues", "priority": 3,
            "definition": { "max-length": length },
        })
    };
    for (path, first, second, shown) in [
        ("vhosts/dev", vhost("one"), vhost("two"), "/description"),
        ("users/hazel", user(&["management"]), user(&["monitoring"]), "/tags"),
        ("permissions/dev/hazel", permission(".*"), permission("^b"), "/read"),
        ("topic-permissions/dev/hazel", topic("^c"), topic("^d"), "/0/write"),
        ("policies/dev/p", policy(5), policy(6), "/definition/max-length"),
        ("operator-policies/dev/p", policy(7), policy(8), "/definition/max-length"),
    ] {
        let line = format!("GET /api/{path}");
        assert_eq!(ask(&broker, &line).await.0, 404, "{path}");
        for (body, status) in [(first, 201), (second, 204)] {
            let wanted = body.pointer(shown.trim_start_matches("/0")).unwrap().clone();
            assert_eq!(put(&broker, path, body).await, status, "{path}");
            let (_, found) = ask(&broker, &line).await;
            assert_eq!(found.pointer(shown), Some(&wanted), "{path}: {found}");
        }
    }
    let (_, hazel) = ask(&broker, "GET /api/users/hazel").await;
    for key in ["name", "password_hash", "hashing_algorithm"] {
        assert!(hazel[key].is_string(), "{key}: {hazel}");
    }
    let limits = "vhost-limits/dev";
    assert_eq!(ask(&broker, &format!("GET /api/{limits}")).await, (200, json!([])));
    assert_eq!(put(&broker, &format!("{limits}/max-queues"), json!({ "value": 9 })).await, 204);
    let expected = json!([{ "vhost": "dev", "value": { "max-queues": 9 } }]);
    assert_eq!(ask(&broker, &format!("GET /api/{limits}")).await.1, expected);
    for limit in ["max-queues", "max-connections"] {
        assert_eq!(ask(&broker, &format!("DELETE /api/{limits}/{limit}")).await.0, 204);
    }
    // The library below it lists with a slash at the end.
    for list in
        ["users", "vhosts", "permissions", "topic-permissions", "policies/dev", "queues/%2F"]
    {
        assert_eq!(ask(&broker, &format!("GET /api/{list}/")).await.0, 200, "{list}/");
    }
    // Shovels and federation are parameters of plug-ins that are not here.
    let shovel = "parameters/shovel/dev/s";
    assert_eq!(put(&broker, shovel, json!({ "value": {} })).await, 400);
    assert_eq!(ask(&broker, &format!("GET /api/{shovel}")).await.0, 404);
    assert_eq!(ask(&broker, &format!("DELETE /api/{shovel}")).await.0, 404);
    for path in [
        "operator-policies/dev/p",
        "policies/dev/p",
        "topic-permissions/dev/hazel",
        "permissions/dev/hazel",
        "users/hazel",
        "vhosts/dev",
    ] {
        assert_eq!(ask(&broker, &format!("DELETE /api/{path}")).await.0, 204, "{path}");
        assert_eq!(ask(&broker, &format!("DELETE /api/{path}")).await.0, 404, "{path}");
        assert_eq!(ask(&broker, &format!("GET /api/{path}")).await.0, 404, "{path}");
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
