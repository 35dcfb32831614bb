//! Queues, exchanges, bindings and messages over the HTTP API.

use leveret_broker::Broker;
use serde_json::{Value, json};

use crate::admin_api::{ask, put, request};

pub(crate) async fn broker() -> Broker {
    let any = "127.0.0.1:0".parse().unwrap();
    Broker::builder().in_memory().listen(any).admin_listen(any).start().await.unwrap()
}

pub(crate) async fn post(broker: &Broker, path: &str, body: Value) -> (u16, Value) {
    request(broker, "guest:guest", &format!("POST /api/{path}"), &body).await
}

async fn publish(broker: &Broker, key: &str, payload: &str) {
    let message = json!({
        "properties": {}, "routing_key": key, "payload": payload, "payload_encoding": "string",
    });
    let answer = post(broker, "exchanges/%2F/amq.default/publish", message).await;
    assert_eq!(answer, (200, json!({ "routed": true })));
}

#[tokio::test]
async fn a_binding_is_made_found_and_removed_by_its_properties_key() {
    let broker = broker().await;
    assert_eq!(put(&broker, "queues/%2F/qa", json!({})).await, 201);
    assert_eq!(put(&broker, "exchanges/%2F/xa", json!({ "type": "topic" })).await, 201);
    assert_eq!(put(&broker, "exchanges/%2F/xb", json!({})).await, 201, "direct without a type");
    let path = "bindings/%2F/e/xa/q/qa";
    assert_eq!(post(&broker, path, json!({ "routing_key": "a.#", "arguments": {} })).await.0, 201);
    let one = json!({ "routing_key": "a.#", "arguments": { "x": 1 } });
    assert_eq!(post(&broker, path, one).await.0, 201);
    assert_eq!(post(&broker, path, Value::Null).await.0, 201);
    assert_eq!(post(&broker, "bindings/%2F/e/xa/e/xb", json!({ "routing_key": "k" })).await.0, 201);

    let (_, all) =
        ask(&broker, "GET /api/queues/%2F/qa/bindings?columns=source,properties_key").await;
    let keys: Vec<&str> =
        all.as_array().unwrap().iter().map(|b| b["properties_key"].as_str().unwrap()).collect();
    assert_eq!((keys.len(), keys[0], &all[0]["source"]), (4, "qa", &json!("")));
    assert!(keys.contains(&"~") && keys.contains(&"a.%23"), "{keys:?}");
    let digest = *keys.iter().find(|key| key.starts_with("a.%23~")).unwrap();
    let (_, from) = ask(&broker, "GET /api/exchanges/%2F/xa/bindings/source").await;
    assert_eq!(from.as_array().unwrap().len(), 4);
    let (_, to) = ask(&broker, "GET /api/exchanges/%2F/xb/bindings/destination").await;
    let expected = json!([{
        "source": "xa", "vhost": "/", "destination": "xb", "destination_type": "exchange",
        "routing_key": "k", "arguments": {}, "properties_key": "k",
    }]);
    assert_eq!(to, expected);
    for key in ["a%2E%2523", "~", &digest.replace('%', "%25")] {
        let place = format!("/api/{path}/{key}");
        assert_eq!(ask(&broker, &format!("GET {place}")).await.1["vhost"], "/", "{key}");
        assert_eq!(ask(&broker, &format!("DELETE {place}")).await.0, 204, "{key}");
        assert_eq!(ask(&broker, &format!("DELETE {place}")).await.0, 404, "{key} once more");
    }
    assert_eq!(ask(&broker, &format!("GET /api/{path}")).await.1, json!([]));
    assert_eq!(ask(&broker, "DELETE /api/bindings/%2F/e/xa/e/xb/k").await.0, 204);
    assert_eq!(ask(&broker, "GET /api/bindings/%2F").await.1.as_array().unwrap().len(), 1);
    broker.shutdown().await;
}

#[tokio::test]
async fn what_is_published_is_got_in_order_and_goes_back_or_not() {
    let broker = broker().await;
    let dead = json!({ "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead" });
    assert_eq!(put(&broker, "queues/%2F/q", json!({ "arguments": dead })).await, 201);
    assert_eq!(put(&broker, "queues/%2F/dead", json!({})).await, 201);
    for text in ["one", "two", "three"] {
        publish(&broker, "q", text).await;
    }
    let get = async |mode: &str, count: Value| {
        let wish = json!({ "ackmode": mode, "count": count, "encoding": "auto" });
        let (status, got) = post(&broker, "queues/%2F/q/get", wish).await;
        assert_eq!(status, 200, "{got}");
        let texts = got.as_array().unwrap().iter().map(|m| m["payload"].as_str().unwrap());
        texts.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(get("ack_requeue_true", json!("5")).await, "one two three");
    assert_eq!(get("reject_requeue_true", json!(2)).await, "one two");
    assert_eq!(get("ack_requeue_false", json!(0)).await, "");
    assert_eq!(get("ack_requeue_false", json!(1)).await, "one");
    assert_eq!(get("reject_requeue_false", json!(1)).await, "two");
    let (_, queues) = ask(&broker, "GET /api/queues/%2F?columns=name,messages_ready").await;
    let expected =
        json!([{ "name": "dead", "messages_ready": 1 }, { "name": "q", "messages_ready": 1 }]);
    assert_eq!(queues, expected);
    let wish =
        json!({ "ackmode": "ack_requeue_true", "count": 1, "encoding": "base64", "truncate": 3 });
    let (_, got) = post(&broker, "queues/%2F/q/get", wish).await;
    let expected = json!([{
        "payload_bytes": 5, "redelivered": true, "exchange": "", "routing_key": "q",
        "message_count": 0, "properties": [], "payload": "dGhy", "payload_encoding": "base64",
    }]);
    assert_eq!(got, expected);
    broker.shutdown().await;
}

#[tokio::test]
async fn a_publish_or_get_that_makes_no_sense_is_refused() {
    let broker = broker().await;
    let full = json!({ "arguments": { "x-max-length": 1, "x-overflow": "reject-publish" } });
    assert_eq!(put(&broker, "queues/%2F/full", full).await, 201);
    publish(&broker, "full", "first").await;
    let good = json!({
        "properties": {}, "routing_key": "none", "payload": "p", "payload_encoding": "string",
    });
    let path = "exchanges/%2F/amq.default/publish";
    assert_eq!(post(&broker, path, good.clone()).await, (200, json!({ "routed": false })));
    let with = |key: &str, value: Value| {
        let mut bad = good.clone();
        bad[key] = value;
        bad
    };
    for bad in [
        json!({}),
        with("payload_encoding", json!("gzip")),
        with("payload_encoding", json!("base64")),
        with("payload", json!(7)),
        with("properties", json!({ "delivery_mode": "2" })),
        with("properties", json!({ "colour": "red" })),
        with("properties", json!({ "user_id": "hazel" })),
        with("routing_key", json!("k".repeat(256))),
        with("routing_key", json!("full")),
    ] {
        let (status, answer) = post(&broker, path, bad.clone()).await;
        assert_eq!((status, &answer["error"]), (400, &json!("bad_request")), "{bad} {answer}");
    }
    assert_eq!(post(&broker, "exchanges/%2F/none/publish", good).await.0, 400);
    let good = json!({ "ackmode": "ack_requeue_true", "count": 1, "encoding": "auto" });
    for (key, value) in [
        ("ackmode", json!("bogus")),
        ("ackmode", Value::Null),
        ("count", json!(-1)),
        ("count", json!("x")),
        ("count", Value::Null),
        ("encoding", json!("none")),
        ("truncate", json!("-3")),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        let (status, answer) = post(&broker, "queues/%2F/full/get", bad.clone()).await;
        assert_eq!(status, 400, "{bad} {answer}");
    }
    let many = json!({ "ackmode": "ack_requeue_true", "count": 1_000_000_000, "encoding": "auto" });
    let (_, got) = post(&broker, "queues/%2F/full/get", many).await;
    assert_eq!(got.as_array().unwrap().len(), 1);
    assert_eq!(post(&broker, "queues/%2F/none/get", good).await.0, 404);
    broker.shutdown().await;
}

/// Who may not do it over AMQP may not do it over HTTP.
#[tokio::test]
async fn permissions_hold_for_publishing_getting_and_binding() {
    let broker = broker().await;
    let hazel = json!({ "password": "down", "tags": "management" });
    assert_eq!(put(&broker, "users/hazel", hazel).await, 201);
    let nothing = json!({ "configure": "", "write": "", "read": "" });
    assert_eq!(put(&broker, "permissions/%2F/hazel", nothing).await, 201);
    assert_eq!(put(&broker, "queues/%2F/q", json!({})).await, 201);
    let message = json!({
        "properties": {}, "routing_key": "q", "payload": "p", "payload_encoding": "string",
    });
    let get = json!({ "ackmode": "ack_requeue_true", "count": 1, "encoding": "auto" });
    for (line, body, status) in [
        ("POST /api/exchanges/%2F/amq.direct/publish", message, 400),
        ("POST /api/queues/%2F/q/get", get, 401),
        ("POST /api/bindings/%2F/e/amq.direct/q/q", json!({}), 401),
        ("DELETE /api/queues/%2F/q/contents", Value::Null, 401),
        ("DELETE /api/queues/%2F/q", Value::Null, 401),
    ] {
        let (found, answer) = request(&broker, "hazel:down", line, &body).await;
        assert_eq!(found, status, "{line} {answer}");
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn declarations_and_lists_that_make_no_sense_are_refused() {
    let broker = broker().await;
    assert_eq!(put(&broker, "queues/%2F/q", json!({ "durable": "true" })).await, 201);
    let long = "n".repeat(256);
    for (line, body, status, error) in [
        ("PUT /api/queues/%2F/q", json!({ "durable": "maybe" }), 400, "bad_request"),
        ("PUT /api/queues/%2F/q", json!({ "durable": 1 }), 400, "bad_request"),
        ("PUT /api/queues/%2F/q", json!({ "durable": false }), 400, "bad_request"),
        ("PUT /api/queues/%2F/q", json!({ "arguments": "x" }), 400, "bad_request"),
        ("PUT /api/queues/%2F/amq.x", json!({}), 401, "not_authorised"),
        (&format!("PUT /api/queues/%2F/{long}"), json!({}), 400, "bad_request"),
        ("PUT /api/exchanges/%2F/x", json!({ "type": "bogus" }), 400, "bad_request"),
        ("DELETE /api/queues/%2F/none", Value::Null, 404, "Object Not Found"),
        ("POST /api/bindings/%2F/e/amq.direct/q/none", json!({}), 404, "Object Not Found"),
        ("POST /api/bindings/%2F/e/none/q/q", json!({}), 404, "Object Not Found"),
        ("POST /api/bindings/%2F/e/amq.direct/z/q", json!({}), 404, "Object Not Found"),
        ("GET /api/queues?page=0", Value::Null, 400, "invalid_pagination_parameters"),
        ("GET /api/queues?page=1&page_size=501", Value::Null, 400, "invalid_pagination_parameters"),
        ("GET /api/queues?page=9", Value::Null, 400, "page_out_of_range"),
        ("GET /api/queues?page=1&name=(&use_regex=true", Value::Null, 400, "bad_request"),
        (
            "GET /api/queues?page=1&name=(((a%7B999%7D)%7B999%7D)%7B999%7D)&use_regex=true",
            Value::Null,
            400,
            "bad_request",
        ),
    ] {
        let (found, answer) = request(&broker, "guest:guest", line, &body).await;
        assert_eq!((found, &answer["error"]), (status, &json!(error)), "{line} {answer}");
    }
    let (status, list) = ask(&broker, "GET /api/queues?sort=nope&columns=name,nope.x").await;
    assert_eq!((status, list), (200, json!([{ "name": "q" }])));
    publish(&broker, "q", "p").await;
    assert_eq!(ask(&broker, "DELETE /api/queues/%2F/q?if-empty=true").await.0, 400);
    let (_, bare) = ask(&broker, "GET /api/queues/%2F?disable_stats=true").await;
    assert!(bare[0].get("messages").is_none(), "{bare}");
    let (_, totals) =
        ask(&broker, "GET /api/queues/%2F?disable_stats=true&enable_queue_totals=true").await;
    assert_eq!((&totals[0]["messages"], totals[0].get("consumers")), (&json!(1), None));
    broker.shutdown().await;
}

async fn until(broker: &Broker, line: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let wait = async {
        loop {
            let (status, found) = ask(broker, line).await;
            assert_eq!(status, 200, "{line} {found}");
            if holds(&found) {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait).await.unwrap()
}

/// Rates are of 5 s, so this takes as long.
#[tokio::test]
async fn what_came_and_went_is_counted_for_queues_exchanges_and_channels() {
    let broker = broker().await;
    assert_eq!(put(&broker, "queues/%2F/q", json!({})).await, 201);
    let first = until(&broker, "GET /api/queues/%2F/q", |queue| {
        queue["message_stats"]["publish"] == 0 && queue["consumer_utilisation"].is_number()
    });
    first.await;
    for text in ["one", "two"] {
        publish(&broker, "q", text).await;
    }
    let wish = json!({ "ackmode": "ack_requeue_true", "count": 5, "encoding": "auto" });
    post(&broker, "queues/%2F/q/get", wish).await;
    let wish = json!({ "ackmode": "ack_requeue_false", "count": 1, "encoding": "auto" });
    post(&broker, "queues/%2F/q/get", wish).await;
    let (_, queue) = ask(&broker, "GET /api/queues/%2F/q").await;
    let stats = &queue["message_stats"];
    for (name, count) in [
        ("publish", 2),
        ("get", 3),
        ("deliver_get", 3),
        ("redeliver", 1),
        ("ack", 1),
        ("get_empty", 1),
        ("deliver", 0),
    ] {
        assert_eq!(stats[name], count, "{name} {stats}");
        assert!(stats[format!("{name}_details")]["rate"].is_number(), "{name} {stats}");
    }
    assert_eq!((&queue["messages"], &queue["messages_unacknowledged"]), (&json!(1), &json!(0)));
    let default = until(&broker, "GET /api/exchanges/%2F/amq.default", |exchange| {
        exchange["message_stats"]["publish_in_details"]["rate"].as_f64().unwrap() > 0.0
    });
    assert_eq!(default.await["message_stats"]["publish_out"], 2);
    let line = "GET /api/queues/%2F/q?msg_rates_age=60&msg_rates_incr=5";
    let drawn = until(&broker, line, |queue| {
        queue["message_stats"]["publish_details"]["samples"].as_array().is_some()
    });
    let samples = drawn.await["message_stats"]["publish_details"]["samples"].clone();
    assert_eq!(samples.as_array().unwrap().len(), 2, "{samples}");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_channel_and_a_consumer_have_all_that_tools_require() {
    let broker = broker().await;
    assert_eq!(put(&broker, "queues/%2F/q", json!({})).await, 201);
    let stream = tokio::net::TcpStream::connect(broker.local_addrs()[0]).await.unwrap();
    let mut peer = crate::wire::Wire::new(stream);
    peer.ready().await;
    let consume = leveret_protocol::basic::Consume {
        queue: leveret_protocol::ShortStr::from_static("q"),
        consumer_tag: leveret_protocol::ShortStr::from_static("tag"),
        arguments: leveret_protocol::FieldTable::builder().insert("x-priority", 3i64).build(),
        ..Default::default()
    };
    peer.send_method(1, leveret_protocol::channel::Open).await;
    assert_eq!(peer.next().await, "1: channel.open-ok");
    peer.send_method(1, consume).await;
    assert!(peer.next().await.starts_with("1: basic.consume-ok"));
    publish(&broker, "q", "one").await;
    let (_, connections) = ask(&broker, "GET /api/vhosts/%2F/connections").await;
    let name = connections[0]["name"].as_str().unwrap();
    let received = &connections[0]["recv_oct"];
    assert!(received.as_u64().unwrap() > 0 && connections[0]["frame_max"].as_u64().unwrap() > 0);
    let escaped = name.replace(' ', "%20").replace('>', "%3E");
    let line = format!("GET /api/channels/{escaped}%20(1)");
    let channel = until(&broker, &line, |channel| channel["messages_unacknowledged"] == 1);
    let channel = channel.await;
    for key in ["prefetch_count", "messages_unconfirmed", "consumer_count", "acks_uncommitted"] {
        assert!(channel[key].is_number(), "{key} {channel}");
    }
    assert_eq!(channel["message_stats"]["deliver"], 1);
    assert_eq!(channel["connection_details"]["name"], name);
    let (_, on) = ask(&broker, &format!("GET /api/connections/{escaped}/channels")).await;
    assert_eq!(on.as_array().unwrap().len(), 1);
    let (_, consumers) = ask(&broker, "GET /api/consumers/%2F").await;
    let consumer = &consumers[0];
    assert_eq!(consumer["arguments"], json!({ "x-priority": 3 }));
    assert_eq!((&consumer["activity_status"], &consumer["active"]), (&json!("up"), &json!(true)));
    assert!(consumer["consumer_timeout"].is_u64() && consumer["prefetch_count"].is_u64());
    assert_eq!(consumer["channel_details"]["connection_name"], name);
    let (_, queue) = ask(&broker, "GET /api/queues/%2F/q").await;
    assert_eq!(queue["consumer_details"][0]["consumer_tag"], "tag");
    assert_eq!(queue["messages_unacknowledged"], 1);
    assert_eq!(ask(&broker, "GET /api/connections/username/guest").await.1[0]["name"], name);
    assert_eq!(ask(&broker, "DELETE /api/connections/username/guest").await.0, 204);
    assert!(peer.next().await.starts_with("1: basic.deliver"));
    broker.shutdown().await;
}
