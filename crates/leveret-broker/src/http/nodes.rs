//! `/api/nodes`: the machine that the broker is on. There is one node.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    fields::put,
    listing::{Query, answer},
    login::Caller,
    overview::contexts,
    refusal::Refusal,
    stats::Rates,
    totals,
};
use crate::{
    mechanism::Mechanism,
    product,
    readings::{Readings, descriptors_max, descriptors_used},
    samples::{Change, MachineLook},
    shared::Shared,
};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;

/// What tools keep in 32 bits.
const NUMBER_MAX: u64 = u32::MAX as u64;

/// What `RabbitMQ` tells apart in a process's memory. Ours is one.
const MEMORY_PARTS: [&str; 24] = [
    "connection_readers",
    "connection_writers",
    "connection_channels",
    "connection_other",
    "queue_procs",
    "queue_slave_procs",
    "quorum_queue_procs",
    "quorum_queue_dlx_procs",
    "stream_queue_procs",
    "stream_queue_replica_reader_procs",
    "stream_queue_coordinator_procs",
    "plugins",
    "metadata_store",
    "metadata_store_ets",
    "other_proc",
    "metrics",
    "mgmt_db",
    "mnesia",
    "quorum_ets",
    "other_ets",
    "binary",
    "msg_index",
    "code",
    "atom",
];

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/nodes", get(list))
        .route("/nodes/{node}", get(show))
        .route("/nodes/{node}/memory", get(memory))
}

fn check(caller: &Caller, node: &str) -> Answer<()> {
    caller.monitors_or_refuses()?;
    if node == product::NODE {
        return Ok(());
    }
    Err(Refusal::not_found(format!("node `{node}` does not exist")))
}

async fn list(caller: Caller, State(shared): Shares, query: Query) -> Answer<Json<Value>> {
    caller.monitors_or_refuses()?;
    let node = shown(&caller, &shared, &query).await;
    answer(query, vec![node])
}

async fn show(
    caller: Caller,
    State(shared): Shares,
    Path(node): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    check(&caller, &node)?;
    Ok(Json(shown(&caller, &shared, &query).await))
}

/// The node, and what comes and goes on it.
async fn shown(caller: &Caller, shared: &Arc<Shared>, query: &Query) -> Value {
    let mut node = state(shared);
    put(&mut node, rates(shared, query));
    put(&mut node, totals::churn(caller, shared, query).await);
    node
}

/// How fast what is taken of the machine grows.
fn rates(shared: &Shared, query: &Query) -> Value {
    let machine = shared.samples.machine();
    let rates = Rates::of(query, machine.span);
    let Change { before, last } = machine.looks;
    let of = |number: fn(&MachineLook) -> u64| {
        rates.of_reading(Change { before: number(&before), last: number(&last) })
    };
    json!({
        "mem_used_details": of(|look| look.memory_used), "proc_used_details": of(|_| 1),
        "disk_free_details": of(|look| look.disk_free),
        "fd_used_details": of(|look| look.descriptors),
        "sockets_used_details": of(|look| look.sockets),
    })
}

/// The login mechanisms, and whether some port offers them.
fn mechanisms(shared: &Shared) -> Value {
    let config = shared.config();
    let listeners = config.listeners.iter();
    let mut offered: Vec<Mechanism> =
        listeners.flat_map(|listener| listener.offered(config.tls.as_ref())).collect();
    if !config.listen.is_empty() {
        offered.extend(Mechanism::PASSWORDS);
    }
    let shown = Mechanism::ALL.iter().map(|mechanism| {
        let name = mechanism.name();
        let description = format!("SASL {name} authentication mechanism");
        json!({ "name": name, "description": description, "enabled": offered.contains(mechanism) })
    });
    shown.collect()
}

fn state(shared: &Shared) -> Value {
    let Readings { memory_used, memory_limit, disk_free } = *shared.readings.borrow();
    let alarms = *shared.alarms.borrow();
    let (descriptors, of) = (descriptors_used(), descriptors_max().min(NUMBER_MAX));
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let config = shared.config();
    let place = config.store.directory().map(|path| path.to_string_lossy());
    let place = place.unwrap_or_default();
    let mut node = json!({
        "name": product::NODE, "type": "disc", "running": true, "being_drained": !shared.lifecycle.is_running(),
        "uptime": u32::try_from(shared.uptime().as_millis()).unwrap_or(u32::MAX),
        "run_queue": 0, "processors": processors, "os_pid": std::process::id().to_string(),
        "fd_used": descriptors, "fd_total": of, "sockets_used": shared.admission.connections(),
        "sockets_total": shared.limits().connections_max, "proc_used": 1, "proc_total": 1_048_576,
        "mem_used": memory_used.unwrap_or(0), "mem_limit": memory_limit.unwrap_or(0),
        "mem_alarm": alarms.memory, "mem_calculation_strategy": "rss",
        "disk_free_limit": config.alarms.disk_free_min, "disk_free_alarm": alarms.disk,
        "rates_mode": "basic", "net_ticktime": 60, "enabled_plugins": ["rabbitmq_management"],
        "partitions": [], "cluster_links": [], "auth_mechanisms": mechanisms(shared),
        "log_files": [], "config_files": [], "db_dir": place,
        "applications": [
            { "name": "rabbit", "description": "RabbitMQ", "version": product::RABBITMQ_VERSION },
            { "name": "leveret", "description": product::NAME, "version": product::VERSION },
        ],
        "exchange_types": super::overview::exchange_types(), "contexts": contexts(shared),
        "rabbitmq_version": product::RABBITMQ_VERSION, "erlang_version": "",
        "metrics_gc_queue_length": {},
    });
    // A broker in memory has no disk to be full.
    if let (Value::Object(fields), Some(bytes)) = (&mut node, disk_free) {
        fields.insert("disk_free".to_owned(), bytes.into());
    }
    node
}

async fn memory(
    caller: Caller,
    State(shared): Shares,
    Path(node): Path<String>,
) -> Answer<Json<Value>> {
    check(&caller, &node)?;
    let used = shared.readings.borrow().memory_used.unwrap_or(0);
    let parts = MEMORY_PARTS.iter().map(|part| ((*part).to_owned(), json!(0)));
    let mut memory: serde_json::Map<String, Value> = parts.collect();
    for (name, value) in [
        ("other_system", json!(used)),
        ("allocated_unused", json!(0)),
        ("reserved_unallocated", json!(0)),
        ("strategy", json!("rss")),
        ("total", json!({ "rss": used, "allocated": used, "erlang": 0 })),
    ] {
        memory.insert(name.to_owned(), value);
    }
    Ok(Json(json!({ "memory": memory })))
}
