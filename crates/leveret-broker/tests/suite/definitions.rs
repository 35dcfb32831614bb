//! Definitions: out of one broker, into another, whole or not at all.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leveret_broker::{Broker, RawConfig, StartError};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::admin_api::{ask, put, request};

async fn broker() -> Broker {
    let any = "127.0.0.1:0".parse().unwrap();
    Broker::builder().in_memory().listen(any).admin_listen(any).start().await.unwrap()
}

async fn import(broker: &Broker, definitions: &Value) -> (u16, Value) {
    request(broker, "guest:guest", "POST /api/definitions", definitions).await
}

/// What there is, but for what differs from broker to broker, and hashes with a salt each.
async fn exported(broker: &Broker, path: &str) -> Value {
    let (status, mut all) = ask(broker, &format!("GET /api/{path}")).await;
    assert_eq!(status, 200, "{all}");
    if let Some(globals) = all["global_parameters"].as_array_mut() {
        globals.retain(|item| item["name"] != "internal_cluster_id");
    }
    for user in all["users"].as_array_mut().into_iter().flatten() {
        if user["name"] == "guest" {
            user["password_hash"] = Value::Null;
        }
    }
    all
}

/// One of everything, as `RabbitMQ` writes it.
fn everything() -> Value {
    json!({
        "rabbit_version": "3.10.8", "rabbitmq_version": "3.10.8",
        "users": [{
            "name": "hazel", "tags": ["monitoring"], "limits": { "max-channels": 9 },
            "password_hash": "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR",
            "hashing_algorithm": "rabbit_password_hashing_sha256",
        }],
        "vhosts": [
            { "name": "/" },
            { "name": "dev", "limits": [], "metadata": { "description": "d", "tags": ["t"] } },
        ],
        "permissions": [
            { "user": "hazel", "vhost": "dev", "configure": "^q", "write": ".*", "read": "" },
        ],
        "topic_permissions": [
            { "user": "hazel", "vhost": "dev", "exchange": "x", "write": "^a", "read": ".*" },
        ],
        "parameters": [
            { "component": "vhost-limits", "vhost": "dev", "name": "limits", "value": { "max-queues": 7 } },
            {
                "component": "operator_policy", "vhost": "dev", "name": "cap",
                "value": { "pattern": "", "apply-to": "queues", "priority": 1, "definition": { "expires": 9_000_000 } },
            },
        ],
        "global_parameters": [{ "name": "cluster_name", "value": "warren" }],
        "policies": [{
            "vhost": "dev", "name": "p", "pattern": "^q", "apply-to": "queues", "priority": 3,
            "definition": { "max-length": 10 },
        }],
        "exchanges": [
            { "name": "x", "vhost": "dev", "type": "topic", "durable": true, "auto_delete": false, "internal": false, "arguments": { "alternate-exchange": "y" } },
            { "name": "y", "vhost": "dev", "type": "fanout", "durable": true, "auto_delete": false, "internal": true, "arguments": {} },
        ],
        "queues": [
            { "name": "q", "vhost": "dev", "durable": true, "auto_delete": false, "arguments": { "x-message-ttl": 1000, "x-queue-mode": "lazy" } },
            { "name": "big", "vhost": "dev", "durable": true, "auto_delete": false, "type": "quorum", "arguments": {} },
            { "name": "amq.gen-1", "vhost": "dev", "durable": true, "auto_delete": false, "type": "classic", "arguments": {} },
        ],
        "bindings": [
            { "source": "x", "vhost": "dev", "destination": "q", "destination_type": "queue", "routing_key": "a.#", "arguments": {} },
            { "source": "x", "vhost": "dev", "destination": "y", "destination_type": "exchange", "routing_key": "b", "arguments": { "k": "v" } },
            { "source": "amq.topic", "vhost": "dev", "destination": "amq.gen-1", "destination_type": "queue", "routing_key": "c", "arguments": {} },
        ],
    })
}

#[tokio::test]
async fn what_is_exported_makes_the_same_broker_again() {
    let (one, other) = (broker().await, broker().await);
    assert_eq!(import(&one, &everything()).await, (204, Value::Null));
    assert_eq!(
        put(&one, "users/fiver", json!({ "password": "down", "tags": "management" })).await,
        201
    );
    let of_one = exported(&one, "definitions").await;
    assert_eq!(of_one["original_cluster_name"], "warren");
    for (list, count) in
        [("exchanges", 2), ("queues", 3), ("bindings", 3), ("policies", 1), ("parameters", 2)]
    {
        assert_eq!(of_one[list].as_array().unwrap().len(), count, "{list}: {}", of_one[list]);
    }
    let of_q =
        of_one["queues"].as_array().unwrap().iter().find(|queue| queue["name"] == "q").unwrap();
    assert_eq!(of_q["arguments"], json!({ "x-message-ttl": 1000, "x-queue-mode": "lazy" }));

    assert_eq!(import(&other, &of_one).await, (204, Value::Null));
    assert_eq!(exported(&other, "definitions").await, of_one);
    assert_eq!(import(&other, &of_one).await, (204, Value::Null), "once more");
    assert_eq!(exported(&other, "definitions").await, of_one);
    for user in ["hazel:test12", "fiver:down", "guest:guest"] {
        let (status, _) = request(&other, user, "GET /api/whoami", &Value::Null).await;
        assert_eq!(status, 200, "{user}");
    }
    one.shutdown().await;
    other.shutdown().await;
}

#[tokio::test]
async fn one_virtual_host_goes_into_another() {
    let broker = broker().await;
    assert_eq!(import(&broker, &everything()).await.0, 204);
    let dev = exported(&broker, "definitions/dev").await;
    assert_eq!(dev["rabbitmq_definition_format"], "single_virtual_host");
    assert!(dev["queues"][0].get("vhost").is_none(), "{dev}");
    assert_eq!(put(&broker, "vhosts/test", json!({})).await, 201);
    let (status, answer) =
        request(&broker, "guest:guest", "POST /api/definitions/test", &dev).await;
    assert_eq!(status, 204, "{answer}");
    let test = exported(&broker, "definitions/test").await;
    for list in ["queues", "exchanges", "bindings", "policies", "parameters"] {
        assert_eq!(test[list], dev[list], "{list}");
    }
    let none = request(&broker, "guest:guest", "POST /api/definitions/none", &dev).await;
    assert_eq!(none.0, 404);
    broker.shutdown().await;
}

/// What is wrong, and where it stands.
fn mistakes() -> Vec<(Value, &'static str)> {
    let queue = |fields: Value| {
        let mut queue = json!({ "name": "bad", "vhost": "dev", "durable": true });
        queue.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "queues": [queue] })
    };
    let binding = |source: &str, destination: &str| {
        json!({ "bindings": [{
            "source": source, "vhost": "dev", "destination": destination,
            "destination_type": "queue", "routing_key": "k",
        }] })
    };
    let policy = |definition: Value| json!({ "policies": [{ "vhost": "dev", "name": "bad", "pattern": "", "definition": definition }] });
    vec![
        (queue(json!({ "vhost": "none" })), "no_such_vhost"),
        (queue(json!({ "arguments": { "x-expires": 0 } })), "queues[3]: PRECONDITION_FAILED"),
        (queue(json!({ "arguments": { "x-queue-type": "stream" } })), "queues[3]: NOT_IMPLEMENTED"),
        (queue(json!({ "arguments": 7 })), "queues[3]: `arguments` is no JSON object"),
        (queue(json!({ "durable": "maybe" })), "queues[3]: `durable` is neither true nor false"),
        (queue(json!({ "name": "" })), "queues[3]: `name` is empty"),
        (queue(json!({ "name": "n".repeat(256) })), "queues[3]: `name` has 256 bytes"),
        (json!({ "queues": [7] }), "queues[3]: is no JSON object"),
        (json!({ "queues": { "name": "q" } }), "queues: is no list"),
        (
            json!({ "exchanges": [{ "name": "bad", "vhost": "dev" }] }),
            "exchanges[2]: `type` is missing",
        ),
        (
            json!({ "exchanges": [{ "name": "bad", "vhost": "dev", "type": "bogus" }] }),
            "exchanges[2]: ",
        ),
        (
            json!({ "exchanges": [{ "name": "amq.bad", "vhost": "dev", "type": "fanout" }] }),
            "exchanges[2]: ACCESS_REFUSED",
        ),
        (binding("none", "q"), "bindings[3]: NOT_FOUND"),
        (binding("x", "none"), "bindings[3]: NOT_FOUND"),
        (binding("", "q"), "bindings[3]: "),
        (policy(json!({ "max-lenght": 1 })), "policies[1]: `max-lenght` is no key"),
        (policy(json!({})), "policies[1]: the policy's definition is empty"),
        (
            json!({ "permissions": [{ "user": "nobody", "vhost": "dev", "configure": "", "write": "", "read": "" }] }),
            "permissions[1]: user `nobody`",
        ),
        (
            json!({ "permissions": [{ "user": "hazel", "vhost": "none", "configure": "", "write": "", "read": "" }] }),
            "permissions[1]: virtual host `none`",
        ),
        (
            json!({ "permissions": [{ "user": "hazel", "vhost": "dev", "configure": "(", "write": "", "read": "" }] }),
            "permissions[1]: `configure`: not a regular",
        ),
        (
            json!({ "users": [{ "name": "bad", "tags": "", "password_hash": "***" }] }),
            "users[1]: password_hash is no hash",
        ),
        (json!({ "users": [{ "name": "bad", "tags": 7 }] }), "users[1]: `tags`"),
        (json!({ "users": [{ "tags": "" }] }), "users[1]: `name` is missing"),
        (json!({ "vhosts": [{ "name": "" }] }), "vhosts[2]: a virtual host has a name"),
        (json!({ "vhosts": [{ "name": "bad", "default_queue_type": "stream" }] }), "vhosts[2]: "),
    ]
}

#[tokio::test]
async fn a_file_with_one_mistake_changes_nothing() {
    let broker = broker().await;
    let before = exported(&broker, "definitions").await;
    for (mistake, text) in mistakes() {
        let mut file = everything();
        for (list, items) in mistake.as_object().unwrap() {
            match (&mut file[list], items) {
                (Value::Array(good), Value::Array(bad)) => good.extend(bad.clone()),
                (good, bad) => *good = bad.clone(),
            }
        }
        let (status, answer) = import(&broker, &file).await;
        let reason = answer["reason"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{mistake}: {answer}");
        assert!(reason.contains(text), "{mistake}: {reason}");
        assert_eq!(exported(&broker, "definitions").await, before, "{mistake}");
    }
    assert_eq!(import(&broker, &everything()).await.0, 204, "without a mistake");
    broker.shutdown().await;
}

#[tokio::test]
async fn what_is_there_stays_and_settings_are_replaced() {
    let broker = broker().await;
    assert_eq!(import(&broker, &everything()).await.0, 204);
    let before = exported(&broker, "definitions").await;
    let again = json!({
        "queues": [{ "name": "q", "vhost": "dev", "durable": true, "arguments": { "x-message-ttl": 5 } }],
        "exchanges": [{ "name": "x", "vhost": "dev", "type": "fanout" }],
        "bindings": [{ "source": "x", "vhost": "dev", "destination": "q", "destination_type": "queue" }],
        "policies": [{ "vhost": "dev", "name": "p", "pattern": "^z", "definition": { "max-length": 2 } }],
    });
    assert_eq!(import(&broker, &again).await.0, 204);
    let after = exported(&broker, "definitions").await;
    assert_eq!((&after["queues"], &after["exchanges"]), (&before["queues"], &before["exchanges"]));
    assert_eq!(after["bindings"].as_array().unwrap().len(), 4);
    assert_eq!(after["policies"][0]["pattern"], "^z");
    broker.shutdown().await;
}

async fn post(broker: &Broker, kind: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(broker.admin_addr().unwrap()).await.unwrap();
    let (bytes, token) = (body.len(), STANDARD.encode("guest:guest"));
    let head = format!(
        "POST /api/definitions HTTP/1.0\r\nauthorization: Basic {token}\r\n\
         content-type: {kind}\r\ncontent-length: {bytes}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn files_come_as_old_brokers_and_browsers_send_them() {
    let broker = broker().await;
    let old = json!({
        "vhosts": [{ "name": "/" }],
        "users": [
            { "name": "one", "tags": "management,monitoring", "password_hash": "", "hashing_algorithm": null },
            { "name": "two", "tags": "" },
        ],
        "policies": [{ "vhost": "/", "name": "ha", "pattern": "", "definition": { "ha-mode": "all" } }],
        "parameters": [{ "component": "shovel", "vhost": "/", "name": "s", "value": {} }],
        "something": "else",
    });
    let with_mark = [b"\xef\xbb\xbf".as_slice(), old.to_string().as_bytes()].concat();
    assert!(post(&broker, "application/json", &with_mark).await.contains(" 204 "));
    let form = format!(
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"d.json\"\r\n\r\n{old}\r\n--B--\r\n"
    );
    let answer = post(&broker, "multipart/form-data; boundary=B", form.as_bytes()).await;
    assert!(answer.contains(" 204 "), "{answer}");
    for (kind, body, part) in [
        ("application/json", "{".to_owned(), "failed_to_parse_json"),
        ("application/json", "[]".to_owned(), "failed_to_parse_json"),
        ("application/json", String::new(), "failed_to_parse_json"),
        ("application/json", format!("{old}{old}"), "failed_to_parse_json"),
        ("application/json", format!("{{\"users\":{}", "[".repeat(10_000)), "failed_to_parse_json"),
        ("multipart/form-data; boundary=C", form.clone(), "no field `file`"),
    ] {
        let answer = post(&broker, kind, body.as_bytes()).await;
        assert!(answer.contains(" 400 ") && answer.contains(part), "{answer}");
    }
    let large = format!("{old}{}", " ".repeat(2 << 20));
    assert!(post(&broker, "application/json", large.as_bytes()).await.contains(" 204 "), "2 MiB");
    let (_, one) = ask(&broker, "GET /api/users/one").await;
    assert_eq!(one["tags"], json!(["management", "monitoring"]));
    let (status, _) = request(&broker, "one:", "GET /api/whoami", &Value::Null).await;
    assert_eq!(status, 401, "no password is nobody's password");
    broker.shutdown().await;
}

/// A broker with a file of definitions, which are imported at its start.
async fn start_with(folder: &std::path::Path, definitions: &str) -> Result<Broker, StartError> {
    std::fs::write(folder.join("definitions.json"), definitions).unwrap();
    let text = format!(
        "listen = [\"127.0.0.1:0\"]\nadmin_listen = \"127.0.0.1:0\"\ndata_dir = \"{}\"\n\
         load_definitions = \"definitions.json\"\n",
        folder.join("data").display()
    );
    std::fs::write(folder.join("broker.toml"), text).unwrap();
    let config = RawConfig::from_file(folder.join("broker.toml")).unwrap().resolve().unwrap();
    Broker::builder().config(config).start().await
}

#[tokio::test]
async fn a_start_takes_definitions_or_fails_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = everything();
    wrong["bindings"][0]["destination"] = json!("none");
    for text in ["{", &wrong.to_string()] {
        let error = start_with(folder.path(), text).await.unwrap_err();
        assert!(matches!(error, StartError::Definitions(_)), "{error}");
        assert!(!folder.path().join("data/administration.json").exists());
    }
    let broker = start_with(folder.path(), &everything().to_string()).await.unwrap();
    assert_eq!(broker.user_names(), ["hazel"], "guest is not made where others are brought");
    let (status, _) = request(&broker, "hazel:test12", "GET /api/queues/dev/q", &Value::Null).await;
    assert_eq!(status, 200);
    broker.shutdown().await;

    let failed = start_with(folder.path(), &wrong.to_string()).await.unwrap_err();
    assert!(failed.to_string().contains("bindings[0]"), "{failed}");
    let broker = start_with(folder.path(), "{}").await.unwrap();
    let queues = request(&broker, "hazel:test12", "GET /api/queues/dev?columns=name", &Value::Null);
    assert_eq!(queues.await.1.as_array().unwrap().len(), 3, "they are on the disk");
    broker.shutdown().await;
}
