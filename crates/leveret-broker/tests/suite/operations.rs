//! What those who run a broker look at: health, nodes, metrics, parameters.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use leveret_broker::{Broker, Gauge};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    admin_api::{ask, put, request},
    wire::Wire,
};

/// A machine with too little memory.
struct Full;

impl Gauge for Full {
    fn memory_used(&self) -> Option<u64> {
        Some(100)
    }

    fn memory_total(&self) -> Option<u64> {
        Some(100)
    }

    fn disk_free(&self) -> Option<u64> {
        Some(1 << 40)
    }
}

pub(crate) async fn broker() -> Broker {
    let any = "127.0.0.1:0".parse().unwrap();
    Broker::builder().in_memory().listen(any).admin_listen(any).start().await.unwrap()
}

/// The answer to somebody who does not log in: status, head and body.
pub(crate) async fn anyone(broker: &Broker, path: &str) -> (u16, String, String) {
    look(broker.admin_addr().unwrap(), path).await
}

/// The same of a broker that is somebody else's.
pub(crate) async fn look(address: SocketAddr, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

/// Samples by name and labels, read as Prometheus reads them; panics at what it would refuse.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let (mut samples, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    let (mut current, mut seen) = (String::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(seen.insert(name.to_owned()), "{name} stands in two places");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            kinds.insert(name.to_owned(), kind.to_owned());
            name.clone_into(&mut current);
            continue;
        }
        if line.starts_with("# HELP ") {
            assert!(line.split(' ').nth(3).is_some(), "{line}");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let base = name.split('{').next().unwrap();
        let is_part =
            ["_bucket", "_sum", "_count"].iter().any(|end| base == format!("{current}{end}"));
        assert!(
            base == current || kinds[&current] == "histogram" && is_part,
            "{line} in {current}"
        );
        assert!(base.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{line}");
        assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{line} twice");
    }
    samples
}

async fn metrics(broker: &Broker) -> BTreeMap<String, f64> {
    let (status, head, text) = anyone(broker, "/metrics").await;
    assert_eq!(status, 200, "{text}");
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    parse(&text)
}

/// What the queries of the dashboard RabbitMQ-Overview name.
const DASHBOARD: [&str; 41] = [
    "rabbitmq_identity_info",
    "rabbitmq_build_info",
    "rabbitmq_erlang_uptime_seconds",
    "rabbitmq_connections",
    "rabbitmq_channels",
    "rabbitmq_queues",
    "rabbitmq_consumers",
    "rabbitmq_connections_opened_total",
    "rabbitmq_connections_closed_total",
    "rabbitmq_channels_opened_total",
    "rabbitmq_channels_closed_total",
    "rabbitmq_queues_declared_total",
    "rabbitmq_queues_created_total",
    "rabbitmq_queues_deleted_total",
    "rabbitmq_queue_messages_ready",
    "rabbitmq_queue_messages_unacked",
    "rabbitmq_process_resident_memory_bytes",
    "rabbitmq_resident_memory_limit_bytes",
    "rabbitmq_disk_space_available_bytes",
    "rabbitmq_disk_space_available_limit_bytes",
    "rabbitmq_process_open_fds",
    "rabbitmq_process_max_fds",
    "rabbitmq_global_publishers",
    "rabbitmq_global_consumers",
    "rabbitmq_global_messages_received_total",
    "rabbitmq_global_messages_received_confirm_total",
    "rabbitmq_global_messages_confirmed_total",
    "rabbitmq_global_messages_routed_total",
    "rabbitmq_global_messages_unroutable_dropped_total",
    "rabbitmq_global_messages_unroutable_returned_total",
    "rabbitmq_global_messages_delivered_total",
    "rabbitmq_global_messages_delivered_consume_manual_ack_total",
    "rabbitmq_global_messages_delivered_consume_auto_ack_total",
    "rabbitmq_global_messages_delivered_get_manual_ack_total",
    "rabbitmq_global_messages_delivered_get_auto_ack_total",
    "rabbitmq_global_messages_get_empty_total",
    "rabbitmq_global_messages_redelivered_total",
    "rabbitmq_global_messages_acknowledged_total",
    "rabbitmq_message_size_bytes_bucket",
    "rabbitmq_message_size_bytes_sum",
    "rabbitmq_message_size_bytes_count",
];

#[tokio::test]
async fn metrics_have_every_name_of_the_dashboard_and_counters_never_go_down() {
    let broker = broker().await;
    let first = metrics(&broker).await;
    let names: BTreeSet<&str> = first.keys().map(|name| name.split('{').next().unwrap()).collect();
    for name in DASHBOARD {
        assert!(names.contains(name), "{name} is missing");
    }
    assert_eq!(put(&broker, "vhosts/dev", json!({})).await, 201);
    for queue in ["queues/dev/q", "queues/dev/a%22b%5C"] {
        assert_eq!(put(&broker, queue, json!({})).await, 201);
    }
    let publish = json!({ "routing_key": "q", "payload": "down", "payload_encoding": "string", "properties": {} });
    let line = "POST /api/exchanges/dev/amq.default/publish";
    assert_eq!(request(&broker, "guest:guest", line, &publish).await.0, 200);
    let mut peer = Wire::new(TcpStream::connect(broker.local_addrs()[0]).await.unwrap());
    peer.ready().await;
    let during = metrics(&broker).await;
    assert!(during["rabbitmq_queue_messages_ready"] >= 1.0);
    assert!(during["rabbitmq_connections"] >= 1.0);
    assert!(during["rabbitmq_global_messages_received_total{protocol=\"amqp091\"}"] >= 1.0);
    assert!(during["rabbitmq_global_messages_routed_total{protocol=\"amqp091\"}"] >= 1.0);
    assert!(during["rabbitmq_queues_created_total"] >= 2.0);
    assert!(during["rabbitmq_message_size_bytes_bucket{le=\"100\"}"] >= 1.0);

    let (_, _, text) = anyone(&broker, "/metrics/per-object").await;
    let each = parse(&text);
    assert!(
        each.contains_key("rabbitmq_queue_messages_ready{vhost=\"dev\",queue=\"a\\\"b\\\\\"}"),
        "{text}"
    );
    let path = "/metrics/detailed?family=queue_coarse_metrics&vhost=dev";
    let (_, _, text) = anyone(&broker, path).await;
    let ready = "rabbitmq_detailed_queue_messages_ready{vhost=\"dev\",queue=\"q\"} 1";
    assert!(text.lines().any(|line| line == ready), "{text}");
    let (_, _, text) = anyone(&broker, "/metrics/detailed?family=queue_metrics&vhost=none").await;
    assert!(!text.contains("queue=\""), "{text}");

    drop(peer);
    assert_eq!(ask(&broker, "DELETE /api/vhosts/dev").await.0, 204);
    let after = metrics(&broker).await;
    for (name, value) in during.iter().filter(|(name, _)| name.contains("_total")) {
        assert!(after[name] >= *value, "{name} was {value}, and is {}", after[name]);
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn a_log_measures_its_syncs() {
    let folder = tempfile::tempdir().unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let broker = Broker::builder().data_dir(folder.path()).listen(any).admin_listen(any);
    let broker = broker.start().await.unwrap();
    assert_eq!(put(&broker, "queues/%2F/q", json!({})).await, 201);
    let found = metrics(&broker).await;
    assert!(found["leveret_log_sync_seconds_count"] >= 1.0);
    assert!(found["leveret_log_batch_records_sum"] >= 1.0);
    assert!(found["rabbitmq_io_write_bytes_total"] > 0.0);
    assert!(found.contains_key("leveret_recovery_seconds"));
    assert!(found["rabbitmq_disk_space_available_bytes"] > 0.0);
    broker.shutdown().await;
}

#[tokio::test]
async fn probes_need_no_login_and_tell_the_truth() {
    let healthy = broker().await;
    for path in ["/livez", "/healthz", "/readyz"] {
        let (status, _, body) = anyone(&healthy, path).await;
        assert_eq!((status, body.as_str()), (200, r#"{"status":"ok"}"#), "{path}");
    }
    assert_eq!(ask(&healthy, "GET /api/health/checks/alarms").await.0, 200);
    healthy.shutdown().await;

    let any = "127.0.0.1:0".parse().unwrap();
    let full = Broker::builder().in_memory().listen(any).admin_listen(any).gauge(Full);
    let full = full.start().await.unwrap();
    while !full.alarms().is_on() {
        tokio::task::yield_now().await;
    }
    assert_eq!(anyone(&full, "/livez").await.0, 200, "a restart would not help");
    let (status, _, body) = anyone(&full, "/readyz").await;
    assert_eq!((status, body.contains("memory alarm")), (503, true), "{body}");
    let (status, body) = ask(&full, "GET /api/health/checks/alarms").await;
    assert_eq!((status, &body["alarms"][0]["resource"]), (503, &json!("memory")), "{body}");
    assert_eq!(ask(&full, "GET /api/health/checks/is-in-service").await.0, 503);
    full.shutdown().await;
}

#[tokio::test]
async fn health_checks_find_what_is_there_and_what_is_not() {
    let broker = broker().await;
    let port = broker.local_addrs()[0].port();
    for (path, status) in [
        ("local-alarms".to_owned(), 200),
        (format!("port-listener/{port}"), 200),
        ("port-listener/1".to_owned(), 503),
        ("port-listener/many".to_owned(), 400),
        ("protocol-listener/amqp091,http".to_owned(), 200),
        ("protocol-listener/amqp,mqtt".to_owned(), 503),
        ("virtual-hosts".to_owned(), 200),
        ("node-is-quorum-critical".to_owned(), 200),
        ("certificate-expiration/1/months".to_owned(), 200),
        ("certificate-expiration/1/eons".to_owned(), 400),
        ("ready-to-serve-clients".to_owned(), 200),
        ("below-node-connection-limit".to_owned(), 200),
        ("metadata-store/initialized/with-data".to_owned(), 200),
        ("nothing".to_owned(), 404),
    ] {
        let (found, body) = ask(&broker, &format!("GET /api/health/checks/{path}")).await;
        assert_eq!(found, status, "{path}: {body}");
        let expected = if status == 200 { json!("ok") } else { json!("failed") };
        assert!([200, 503].contains(&status) == (body["status"] == expected), "{path}: {body}");
    }
    assert_eq!(anyone(&broker, "/api/health/checks/alarms").await.0, 401);
    assert_eq!(ask(&broker, "GET /api/aliveness-test/%2F").await.0, 200);
    assert_eq!(ask(&broker, "GET /api/aliveness-test/none").await.0, 404);
    broker.shutdown().await;
}

#[tokio::test]
async fn the_node_has_what_clients_want_in_numbers_that_they_can_hold() {
    let broker = broker().await;
    let (_, nodes) = ask(&broker, "GET /api/nodes").await;
    let node = &nodes[0];
    for key in ["uptime", "run_queue", "processors", "fd_total", "proc_total", "sockets_total"] {
        assert!(node[key].as_u64().is_some_and(|number| u32::try_from(number).is_ok()), "{key}");
    }
    for key in ["mem_limit", "disk_free_limit", "mem_used"] {
        assert!(node[key].is_u64(), "{key}");
    }
    for key in ["mem_alarm", "disk_free_alarm", "being_drained", "running"] {
        assert!(node[key].is_boolean(), "{key}");
    }
    assert!(node["os_pid"].is_string() && node["enabled_plugins"].is_array());
    let name = node["name"].as_str().unwrap();
    assert_eq!(ask(&broker, &format!("GET /api/nodes/{name}")).await.1["name"], name);
    assert_eq!(ask(&broker, "GET /api/nodes/other").await.0, 404);
    let (_, memory) = ask(&broker, &format!("GET /api/nodes/{name}/memory")).await;
    assert_eq!(memory["memory"]["strategy"], "rss");
    assert!(memory["memory"]["total"]["rss"].is_u64(), "{memory}");
    let (_, overview) = ask(&broker, "GET /api/overview").await;
    for key in ["queue_totals", "object_totals", "message_stats", "churn_rates"] {
        assert!(overview[key].is_object(), "{key}");
    }
    let listed = overview["listeners"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["protocol"] == "amqp" && one["port"].is_u64()));
    assert_eq!(overview["exchange_types"].as_array().unwrap().len(), 9);
    broker.shutdown().await;
}

#[tokio::test]
async fn parameters_flags_and_users_are_answered_as_tools_ask() {
    let broker = broker().await;
    let limits = json!({ "value": { "max-queues": 5 } });
    assert_eq!(put(&broker, "parameters/vhost-limits/%2F/limits", limits).await, 204);
    let (_, found) = ask(&broker, "GET /api/parameters/vhost-limits/%2F").await;
    assert_eq!(found[0]["value"], json!({ "max-queues": 5 }));
    assert_eq!(put(&broker, "parameters/shovel/%2F/s", json!({ "value": {} })).await, 400);
    assert_eq!(put(&broker, "global-parameters/motd", json!({ "value": [1] })).await, 201);
    assert_eq!(ask(&broker, "GET /api/global-parameters/motd").await.1["value"], json!([1]));
    assert_eq!(
        put(&broker, "global-parameters/internal_cluster_id", json!({ "value": "x" })).await,
        400
    );
    assert_eq!(put(&broker, "cluster-name", json!({ "name": "warren" })).await, 204);
    assert_eq!(ask(&broker, "GET /api/cluster-name").await.1["name"], "warren");
    assert_eq!(ask(&broker, "DELETE /api/global-parameters/motd").await.0, 204);
    assert_eq!(ask(&broker, "DELETE /api/global-parameters/motd").await.0, 404);

    let (_, flags) = ask(&broker, "GET /api/feature-flags").await;
    assert!(flags.as_array().unwrap().iter().any(|flag| flag["name"] == "quorum_queue"));
    assert!(!flags.to_string().contains("stream_queue"), "there are none");
    for path in ["deprecated-features", "extensions", "federation-links"] {
        assert_eq!(ask(&broker, &format!("GET /api/{path}")).await, (200, json!([])), "{path}");
    }
    let (_, hash) = ask(&broker, "GET /api/auth/hash_password/down").await;
    for (name, body) in [
        ("hazel", json!({ "password_hash": hash["ok"], "tags": "management" })),
        ("fiver", json!({ "password": "x", "tags": "" })),
    ] {
        assert_eq!(put(&broker, &format!("users/{name}"), body).await, 201);
    }
    assert_eq!(request(&broker, "hazel:down", "GET /api/whoami", &Value::Null).await.0, 200);
    assert_eq!(request(&broker, "hazel:up", "GET /api/whoami", &Value::Null).await.0, 401);
    let (_, attempts) = ask(&broker, "GET /api/auth/attempts/leveret@localhost").await;
    let of_http =
        attempts.as_array().unwrap().iter().find(|one| one["protocol"] == "http").unwrap();
    assert!(of_http["auth_attempts_failed"].as_u64() >= Some(1), "{attempts}");
    let (_, without) = ask(&broker, "GET /api/users/without-permissions?columns=name").await;
    assert_eq!(without, json!([{ "name": "fiver" }, { "name": "hazel" }]));
    let line = "POST /api/users/bulk-delete";
    let both = |users: Value| json!({ "users": users });
    let unknown = request(&broker, "guest:guest", line, &both(json!(["hazel", "nobody"]))).await;
    assert_eq!(unknown.0, 404);
    assert_eq!(ask(&broker, "GET /api/users/hazel").await.0, 200, "all or none");
    let known = request(&broker, "guest:guest", line, &both(json!(["hazel", "fiver"]))).await;
    assert_eq!(known.0, 204);
    broker.shutdown().await;
}

#[tokio::test]
async fn the_page_takes_nothing_from_elsewhere() {
    let broker = broker().await;
    let (status, head, page) = anyone(&broker, "/").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script>"));
    for path in ["/queues.js", "/style.css"] {
        assert_eq!(anyone(&broker, path).await.0, 200, "{path}");
    }
    let (_, _, script) = anyone(&broker, "/queues.js").await;
    for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!script.contains(way), "a name could be taken for HTML by {way}");
    }
    broker.shutdown().await;
}
