//! Patterns and policies that make no sense.
//!
//! Each is told by its name, and changes nothing.

use leveret_broker::Broker;
use serde_json::{Value, json};

use crate::{
    admin_api::{ask, put, request},
    operations::broker,
};

/// Bytes that fit into a body and are too many for a pattern.
const LONG_BYTES: usize = 1_000_000;

/// What cannot be a pattern of a permission or a policy.
fn bad_patterns() -> Vec<Value> {
    let texts = [
        "(",
        "[z-a]",
        "*",
        "a{2,1}",
        "(?=look)ahead",
        "(back)\\1",
        "((a{999}){999}){999}",
        "\\p{Nonsense}",
    ];
    let mut patterns: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    patterns.push(json!("(".repeat(10_000) + &")".repeat(10_000)));
    patterns.push(json!("a".repeat(LONG_BYTES)));
    patterns.extend([json!(7), json!(null), json!([".*"]), json!({})]);
    patterns
}

async fn refused(broker: &Broker, line: &str, body: &Value, word: &str) {
    let (status, answer) = request(broker, "guest:guest", line, body).await;
    let reason = answer["reason"].as_str().unwrap_or_default();
    let shown: String = body.to_string().chars().take(200).collect();
    assert_eq!(
        (status, &answer["error"]),
        (400, &json!("bad_request")),
        "{line} {shown}: {answer}"
    );
    assert!(reason.contains(word), "{line} {shown}: {reason}");
    assert!(reason.len() < 25_000, "{line} {shown}: {reason}");
}

#[tokio::test]
async fn a_pattern_that_is_none_is_refused_wherever_it_stands() {
    let broker = broker().await;
    let permission = json!({ "configure": "", "write": "", "read": "" });
    let topic = json!({ "exchange": "amq.topic", "write": "", "read": "" });
    let policy = json!({ "pattern": "", "definition": { "expires": 1 } });
    let before = exported(&broker).await;
    for pattern in bad_patterns() {
        for (path, good, keys) in [
            ("permissions/%2F/guest", &permission, ["configure", "write", "read"].as_slice()),
            ("topic-permissions/%2F/guest", &topic, &["write", "read"]),
            ("policies/%2F/p", &policy, &["pattern"]),
            ("operator-policies/%2F/p", &policy, &["pattern"]),
        ] {
            for key in keys {
                let mut body = good.clone();
                body[key] = pattern.clone();
                refused(&broker, &format!("PUT /api/{path}"), &body, key).await;
            }
        }
    }
    assert_eq!(exported(&broker).await, before, "something was changed");
    let huge = json!({ "configure": "a".repeat(1 << 20), "write": "", "read": "" });
    assert_eq!(put(&broker, "permissions/%2F/guest", huge).await, 413);
    broker.shutdown().await;
}

async fn exported(broker: &Broker) -> Value {
    let (status, mut definitions) = ask(broker, "GET /api/definitions").await;
    assert_eq!(status, 200);
    // A password that is known gets a new salt each time.
    definitions["users"] = ask(broker, "GET /api/users").await.1;
    definitions
}

#[tokio::test]
async fn a_policy_that_means_nothing_is_refused_by_its_key() {
    let broker = broker().await;
    for (definition, word) in [
        (json!({}), "Validation failed"),
        (json!({ "max-lenght": 5 }), "`max-lenght`"),
        (json!({ "max-length": 5, "": 1 }), "``"),
        (json!({ "max-length": "5" }), "`max-length`"),
        (json!({ "max-length": -1 }), "`max-length`"),
        (json!({ "max-length": 0.5 }), "`max-length`"),
        (json!({ "max-length": null }), "`max-length`"),
        (json!({ "max-length-bytes": 18_446_744_073_709_551_615_u64 }), "`max-length-bytes`"),
        (json!({ "expires": 0 }), "`expires`"),
        (json!({ "message-ttl": [1] }), "`message-ttl`"),
        (json!({ "overflow": "drop-tail" }), "`overflow`"),
        (json!({ "dead-letter-exchange": 1 }), "`dead-letter-exchange`"),
        (json!({ "dead-letter-routing-key": "k" }), "`dead-letter-routing-key`"),
        (json!({ "dead-letter-strategy": "sometimes" }), "`dead-letter-strategy`"),
        (json!({ "alternate-exchange": "x".repeat(256) }), "`alternate-exchange`"),
        (json!({ "queue-mode": true }), "`queue-mode`"),
    ] {
        let body = json!({ "pattern": "^q", "definition": definition });
        refused(&broker, "PUT /api/policies/%2F/p", &body, word).await;
        refused(&broker, "PUT /api/policies/%2F/p", &body, "Validation failed").await;
    }
    for (key, value) in [
        ("definition", json!([])),
        ("definition", json!("max-length")),
        ("definition", Value::Null),
        ("apply-to", json!("everything")),
        ("apply-to", json!(1)),
        ("priority", json!("high")),
        ("priority", json!(0.5)),
    ] {
        let mut body = json!({ "pattern": "", "definition": { "expires": 1 }, "apply-to": "all" });
        body[key] = value;
        refused(&broker, "PUT /api/policies/%2F/p", &body, key).await;
        refused(&broker, "PUT /api/operator-policies/%2F/p", &body, key).await;
    }
    let body = json!({ "pattern": "", "definition": { "dead-letter-exchange": "x" } });
    refused(&broker, "PUT /api/operator-policies/%2F/p", &body, "`dead-letter-exchange`").await;
    for kind in ["policies", "operator-policies"] {
        assert_eq!(ask(&broker, &format!("GET /api/{kind}")).await.1, json!([]), "{kind}");
    }
    broker.shutdown().await;
}
