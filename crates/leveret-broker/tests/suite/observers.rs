//! Who looks on from outside: metrics, dead letters by type, the end.

use std::time::Duration;

use leveret_broker::{Broker, Config, Limits, Secret, Store, User};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    admin_api::{put, request},
    http_objects::post,
    operations::{anyone, broker},
    wire::Wire,
};

/// What takes longer does not happen.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn metrics_can_be_kept_from_strangers() {
    let mut config = Config::default();
    config.store = Store::Memory;
    config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
    config.metrics_login = true;
    let user = |name: &str| User::new(name, Secret::new("down")).tag(name);
    let broker = Broker::builder().config(config);
    let broker = broker.user(user("management")).user(user("policymaker"));
    let broker = broker.user(user("monitoring")).user(user("administrator")).start().await.unwrap();
    for path in ["/metrics", "/metrics/per-object", "/metrics/detailed?family=queue_metrics"] {
        let (status, head, body) = anyone(&broker, path).await;
        assert_eq!(status, 401, "{path}: {body}");
        assert!(head.contains("www-authenticate: basic realm=\"rabbitmq management\""), "{head}");
        assert!(!body.contains("rabbitmq_"), "{body}");
        for (login, status) in [
            ("monitoring:down", 200),
            ("administrator:down", 200),
            ("management:down", 401),
            ("policymaker:down", 401),
            ("monitoring:up", 401),
        ] {
            let line = format!("GET {path}");
            let (found, _) = request(&broker, login, &line, &Value::Null).await;
            assert_eq!(found, status, "{path} as {login}");
        }
    }
    assert_eq!(anyone(&broker, "/readyz").await.0, 200, "a probe cannot log in");
    broker.shutdown().await;
}

#[tokio::test]
async fn dead_letters_are_counted_by_the_type_of_their_queue() {
    let broker = broker().await;
    let message = |queue: &str| json!({ "properties": {}, "routing_key": queue, "payload": "", "payload_encoding": "string" });
    let refuse = json!({ "ackmode": "reject_requeue_false", "count": 1, "encoding": "auto" });
    for (queue, queue_type, count) in [("c", "classic", 1), ("q", "quorum", 2)] {
        let arguments =
            json!({ "x-queue-type": queue_type, "x-dead-letter-exchange": "amq.fanout" });
        let declared = json!({ "arguments": arguments });
        assert_eq!(put(&broker, &format!("queues/%2F/{queue}"), declared).await, 201);
        for _ in 0..count {
            post(&broker, "exchanges/%2F/amq.default/publish", message(queue)).await;
            let (status, got) =
                post(&broker, &format!("queues/%2F/{queue}/get"), refuse.clone()).await;
            assert_eq!((status, got.as_array().unwrap().len()), (200, 1));
        }
    }
    let name = "rabbitmq_global_messages_dead_lettered_rejected_total";
    let find = async |queue_type: &str| {
        let labels =
            format!("{{queue_type=\"{queue_type}\",dead_letter_strategy=\"at_most_once\"}} ");
        let (_, _, text) = anyone(&broker, "/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}{labels}")));
        line.map(str::to_owned)
    };
    // A message is given back after the answer is on its way.
    let counted = async {
        while find("rabbit_quorum_queue").await.as_deref() != Some("2") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, counted).await.expect("two dead letters of the quorum queue");
    assert_eq!(find("rabbit_classic_queue").await.as_deref(), Some("1"));
    broker.shutdown().await;
}

/// A client that does not say goodbye keeps the broker from its end, and a supervisor sees why.
#[tokio::test]
async fn a_broker_that_stops_says_that_it_is_not_ready() {
    let mut limits = Limits::default();
    limits.close_timeout = PATIENCE;
    let any = "127.0.0.1:0".parse().unwrap();
    let broker = Broker::builder().in_memory().limits(limits).listen(any).admin_listen(any);
    let broker = broker.start().await.unwrap();
    let address = broker.admin_addr().unwrap();
    let mut silent = Wire::new(TcpStream::connect(broker.local_addrs()[0]).await.unwrap());
    silent.ready().await;
    assert_eq!(crate::operations::look(address, "/readyz").await.0, 200);
    let stop = tokio::spawn(broker.shutdown());
    assert!(silent.next().await.starts_with("connection.close 320"));
    let (status, _, body) = crate::operations::look(address, "/readyz").await;
    assert_eq!((status, body.as_str()), (503, r#"{"failing":["stopping"],"status":"failed"}"#));
    assert_eq!(crate::operations::look(address, "/livez").await.0, 200, "it is not to be killed");
    drop(silent);
    timeout(PATIENCE, stop).await.expect("nothing else holds it").unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

/// What the lists of virtual hosts and nodes have beside names.
#[tokio::test]
async fn virtual_hosts_and_the_node_tell_what_goes_on() {
    let broker = broker().await;
    assert_eq!(put(&broker, "queues/%2F/q", json!({})).await, 201);
    let message = json!({ "properties": {}, "routing_key": "q", "payload": "", "payload_encoding": "string" });
    assert_eq!(post(&broker, "exchanges/%2F/amq.default/publish", message).await.0, 200);
    let seen = async {
        loop {
            let (_, host) =
                request(&broker, "guest:guest", "GET /api/vhosts/%2F", &Value::Null).await;
            let (_, all) = request(&broker, "guest:guest", "GET /api/vhosts", &Value::Null).await;
            assert_eq!(host["message_stats"]["publish"], 1, "{host}");
            assert!(all[0]["message_stats"]["publish_details"]["rate"].is_number(), "{all}");
            // As of the last look, which is up to 5 s ago.
            if host["messages"] == 1 && host["messages_ready"] == 1 {
                break;
            }
        }
    };
    timeout(PATIENCE, seen).await.expect("the look sees the message");
    let line = "GET /api/vhosts/%2F?disable_stats=true";
    let (_, bare) = request(&broker, "guest:guest", line, &Value::Null).await;
    assert!(bare.get("messages").is_none() && bare["name"] == "/", "{bare}");
    let (_, nodes) = request(&broker, "guest:guest", "GET /api/nodes", &Value::Null).await;
    let (_, overview) = request(&broker, "guest:guest", "GET /api/overview", &Value::Null).await;
    for churn in [&nodes[0], &overview["churn_rates"]] {
        assert!(churn["queue_created"].as_u64() >= Some(1), "{churn}");
        assert!(churn["queue_created_details"]["rate"].is_number(), "{churn}");
        assert!(churn["connection_closed_details"]["rate"].is_number(), "{churn}");
    }
    for key in ["mem_used_details", "fd_used_details", "sockets_used_details", "disk_free_details"]
    {
        assert!(nodes[0][key]["rate"].is_number(), "{key}");
    }
    let named = |name: &str| {
        let all = nodes[0]["auth_mechanisms"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["enabled"].clone()
    };
    assert_eq!((named("PLAIN"), named("EXTERNAL")), (json!(true), json!(false)));
    broker.shutdown().await;
}

/// Bytes a second, which are of two looks.
#[tokio::test]
async fn a_connection_has_rates_while_something_goes_over_it() {
    let broker = broker().await;
    let mut peer = Wire::new(TcpStream::connect(broker.local_addrs()[0]).await.unwrap());
    peer.ready().await;
    let seen = async {
        loop {
            peer.send(&[8, 0, 0, 0, 0, 0, 0, 0xce]).await;
            let (_, all) =
                request(&broker, "guest:guest", "GET /api/connections", &Value::Null).await;
            let rate = |key: &str| all[0][key]["rate"].as_f64().unwrap();
            if rate("recv_oct_details") > 0.0 && rate("send_oct_details") >= 0.0 {
                break;
            }
        }
    };
    timeout(PATIENCE, seen).await.expect("heartbeats are bytes");
    broker.shutdown().await;
}
