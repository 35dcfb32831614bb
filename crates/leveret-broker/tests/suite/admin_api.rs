//! The HTTP admin API over real sockets: what tools ask for, what is refused.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leveret_broker::Broker;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::wire::Wire;

async fn broker() -> Broker {
    let any = "127.0.0.1:0".parse().unwrap();
    Broker::builder().in_memory().listen(any).admin_listen(any).start().await.unwrap()
}

/// Sends a request as that user, and gives back status and body.
pub(crate) async fn request(broker: &Broker, user: &str, line: &str, body: &Value) -> (u16, Value) {
    let mut stream = TcpStream::connect(broker.admin_addr().unwrap()).await.unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (bytes, token) = (body.len(), STANDARD.encode(user));
    let head = format!(
        "{line} HTTP/1.0\r\nauthorization: Basic {token}\r\ncontent-length: {bytes}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

pub(crate) async fn ask(broker: &Broker, line: &str) -> (u16, Value) {
    request(broker, "guest:guest", line, &Value::Null).await
}

pub(crate) async fn put(broker: &Broker, path: &str, body: Value) -> u16 {
    request(broker, "guest:guest", &format!("PUT /api/{path}"), &body).await.0
}

#[tokio::test]
async fn what_is_made_is_listed_changed_and_deleted() {
    let broker = broker().await;
    for (path, body) in [
        ("vhosts/dev", json!({ "description": "for trying out" })),
        ("users/hazel", json!({ "password": "down", "tags": "management,policymaker" })),
        ("permissions/dev/hazel", json!({ "configure": "^q", "write": ".*", "read": ".*" })),
        (
            "topic-permissions/dev/hazel",
            json!({ "exchange": "amq.topic", "write": "^a", "read": ".*" }),
        ),
        (
            "policies/dev/short",
            json!({ "pattern": "^q", "definition": { "max-length": 5 }, "apply-to": "queues" }),
        ),
        ("operator-policies/dev/cap", json!({ "pattern": "", "definition": { "expires": 9000 } })),
        ("queues/dev/q1", json!({ "durable": "true", "arguments": { "x-message-ttl": 1000 } })),
        ("exchanges/dev/x1", json!({ "type": "topic" })),
    ] {
        assert_eq!(put(&broker, path, body.clone()).await, 201, "{path}");
        assert_eq!(put(&broker, path, body).await, 204, "{path} once more");
    }
    assert_eq!(put(&broker, "vhost-limits/dev/max-queues", json!({ "value": 1 })).await, 204);
    assert_eq!(put(&broker, "user-limits/hazel/max-channels", json!({ "value": 3 })).await, 204);

    let (_, queue) = ask(&broker, "GET /api/queues/dev/q1").await;
    assert_eq!(queue["arguments"], json!({ "x-message-ttl": 1000 }));
    assert_eq!((&queue["policy"], &queue["durable"]), (&json!("short"), &json!(true)));
    let (_, users) = ask(&broker, "GET /api/users?columns=name,tags&sort=name").await;
    let guest = json!({ "name": "guest", "tags": ["administrator"] });
    assert_eq!(users, json!([guest, { "name": "hazel", "tags": ["management", "policymaker"] }]));
    let (_, limits) = ask(&broker, "GET /api/vhost-limits/dev").await;
    assert_eq!(limits, json!([{ "vhost": "dev", "value": { "max-queues": 1 } }]));
    let (_, overview) = ask(&broker, "GET /api/overview").await;
    assert_eq!(overview["object_totals"]["queues"], 1);
    let (_, page) = ask(&broker, "GET /api/exchanges/dev?page=1&page_size=2&name=amq").await;
    assert_eq!((&page["item_count"], &page["total_count"]), (&json!(2), &json!(8)));

    for path in [
        "queues/dev/q1/contents",
        "queues/dev/q1",
        "exchanges/dev/x1",
        "policies/dev/short",
        "permissions/dev/hazel",
        "users/hazel",
        "vhosts/dev",
    ] {
        let line = format!("DELETE /api/{path}");
        assert_eq!(ask(&broker, &line).await.0, 204, "{path}");
        assert_ne!(ask(&broker, &line).await.0, 500, "{path} once more");
    }
    assert_eq!(ask(&broker, "GET /api/vhosts").await.1.as_array().unwrap().len(), 1);
    broker.shutdown().await;
}

#[tokio::test]
async fn who_may_not_is_refused_as_rabbitmq_refuses() {
    let broker = broker().await;
    let (status, body) = request(&broker, "guest:gues", "GET /api/whoami", &Value::Null).await;
    assert_eq!((status, &body["reason"]), (401, &json!("Login failed")));
    assert_eq!(put(&broker, "users/hazel", json!({ "password": "down", "tags": [] })).await, 201);
    let all = json!({ "configure": "", "write": "", "read": ".*" });
    assert_eq!(put(&broker, "permissions/%2F/hazel", all).await, 201);
    let (status, _) = request(&broker, "hazel:down", "GET /api/whoami", &Value::Null).await;
    assert_eq!(status, 401, "without a tag");
    let tags = json!({ "tags": "management" });
    assert_eq!(put(&broker, "users/hazel", tags).await, 204, "the password stays");
    let (_, who) = request(&broker, "hazel:down", "GET /api/whoami", &Value::Null).await;
    assert_eq!(who, json!({ "name": "hazel", "tags": ["management"] }));
    for (line, body) in [
        ("GET /api/users", Value::Null),
        ("PUT /api/vhosts/own", json!({})),
        ("PUT /api/policies/%2F/p", json!({ "pattern": "", "definition": { "expires": 1 } })),
        ("PUT /api/queues/%2F/q", json!({})),
    ] {
        let (status, answer) = request(&broker, "hazel:down", line, &body).await;
        assert_eq!((status, &answer["error"]), (401, &json!("not_authorised")), "{line}");
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_told_as_json() {
    let broker = broker().await;
    for (line, body, status) in [
        ("GET /api/nothing", Value::Null, 404),
        ("POST /api/whoami", Value::Null, 405),
        ("GET /api/queues/%2F/none", Value::Null, 404),
        ("GET /api/queues/none", Value::Null, 404),
        ("DELETE /api/users/nobody", Value::Null, 404),
        ("PUT /api/users/hazel", json!([1]), 400),
        ("PUT /api/users/hazel", json!({}), 400),
        ("PUT /api/users/hazel", json!({ "password_hash": "***", "tags": "" }), 400),
        (
            "PUT /api/permissions/%2F/guest",
            json!({ "configure": "(", "write": "", "read": "" }),
            400,
        ),
        (
            "PUT /api/policies/%2F/p",
            json!({ "pattern": "", "definition": { "max-lenght": 1 } }),
            400,
        ),
        ("PUT /api/queues/%2F/amq.q", json!({}), 401),
        ("PUT /api/queues/%2F/q", json!({ "arguments": { "x-expires": 0 } }), 400),
        ("PUT /api/vhost-limits/%2F/max-hares", json!({ "value": 1 }), 400),
        ("GET /api/queues?page=0", Value::Null, 400),
        ("DELETE /api/connections/nobody", Value::Null, 404),
    ] {
        let (found, answer) = request(&broker, "guest:guest", line, &body).await;
        assert_eq!(found, status, "{line} {answer}");
        assert!(answer["reason"].is_string(), "{line} {answer}");
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn an_open_connection_is_listed_and_closed() {
    let broker = broker().await;
    let mut peer = Wire::new(TcpStream::connect(broker.local_addrs()[0]).await.unwrap());
    peer.ready().await;
    let (_, connections) = ask(&broker, "GET /api/connections").await;
    let name = connections[0]["name"].as_str().unwrap().to_owned();
    assert_eq!(connections[0]["auth_mechanism"], "PLAIN");
    let line = format!("DELETE /api/connections/{}", name.replace(' ', "%20").replace('>', "%3E"));
    assert_eq!(ask(&broker, &line).await.0, 204);
    assert_eq!(
        peer.next().await,
        "connection.close 320 CONNECTION_FORCED - Closed via management plugin (0.0)"
    );
    broker.shutdown().await;
}

#[tokio::test]
async fn a_hash_from_rabbitmqs_definitions_logs_in() {
    let broker = broker().await;
    let hash = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";
    let hazel = json!({ "password_hash": hash, "tags": "management" });
    assert_eq!(put(&broker, "users/hazel", hazel).await, 201);
    for _ in 0..2 {
        assert_eq!(request(&broker, "hazel:test12", "GET /api/whoami", &Value::Null).await.0, 200);
        assert_eq!(request(&broker, "hazel:test1", "GET /api/whoami", &Value::Null).await.0, 401);
    }
    let (_, hazel) = ask(&broker, "GET /api/users/hazel").await;
    assert_eq!(hazel["password_hash"], "", "a hash is told to nobody");
    broker.shutdown().await;
}
