//! One queue: shown, declared, purged, deleted.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get},
};
use leveret_engine::{Page, PolicyTarget, QueueView, Sought};
use leveret_protocol::{Method, ShortStr, queue};
use serde_json::{Value, json};

use super::{
    channels::consumers_of,
    connections::peer_shown,
    fields::{arguments, flag, object, put},
    listing::{Detail, Query, one},
    login::Caller,
    overview::NODE,
    refusal::Refusal,
    scene::{Answer, InHost, Scene, Shares, condition, made, run, seek, short},
    stats::timestamp,
};
use crate::shared::Shared;

/// What an empty queue takes in memory, about.
const QUEUE_BYTES: u64 = 2_048;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/queues/{vhost}/{name}", get(show).put(declare).delete(remove))
        .route("/queues/{vhost}/{name}/contents", delete(purge))
}

pub(super) fn queue_shown(scene: &Scene, queue: &QueueView) -> Value {
    let target = match queue.queue_type {
        "quorum" => PolicyTarget::QuorumQueue,
        _ => PolicyTarget::ClassicQueue,
    };
    let ruling = scene.rules.ruling(target, &queue.name);
    let mut shown = json!({
        "name": queue.name.to_string_lossy(), "vhost": scene.host, "type": queue.queue_type,
        "node": NODE, "durable": queue.durable, "auto_delete": queue.auto_delete,
        "exclusive": queue.owner.is_some(), "arguments": leveret_json::table(&queue.arguments),
        "state": "running", "policy": ruling.policy, "operator_policy": ruling.operator_policy,
        "effective_policy_definition": ruling.definition,
    });
    if queue.queue_type == "quorum" {
        put(&mut shown, json!({ "leader": NODE, "members": [NODE], "online": [NODE] }));
    }
    if scene.detail >= Detail::Totals {
        put(
            &mut shown,
            json!({
                "messages": queue.ready.saturating_add(queue.unacked),
                "messages_ready": queue.ready, "messages_unacknowledged": queue.unacked,
            }),
        );
    }
    if scene.detail >= Detail::All {
        put(&mut shown, sizes(queue));
        put(&mut shown, activity(scene, queue));
        if queue.queue_type == "quorum" {
            put(&mut shown, quorum_only(queue));
        }
    }
    shown
}

/// What `RabbitMQ` tells of such queues alone: no file is held open for one here.
fn quorum_only(queue: &QueueView) -> Value {
    let active = queue.active_consumer.as_ref().map(|tag| tag.to_string_lossy());
    json!({ "open_files": { NODE: 0 }, "single_active_consumer_ctag": active.unwrap_or_default() })
}

/// Messages and bytes by where they are.
fn sizes(queue: &QueueView) -> Value {
    let messages = queue.ready.saturating_add(queue.unacked);
    let bytes = queue.ready_bytes.saturating_add(queue.unacked_bytes);
    let ready_ram = queue.ready.saturating_sub(queue.paged);
    let bytes_ram = bytes.saturating_sub(queue.paged_bytes);
    let persists = queue.durable && queue.owner.is_none();
    let persistent = if persists { (messages, bytes) } else { (0, 0) };
    json!({
        "message_bytes": bytes, "message_bytes_ready": queue.ready_bytes,
        "message_bytes_unacknowledged": queue.unacked_bytes,
        "message_bytes_ram": bytes_ram, "message_bytes_paged_out": queue.paged_bytes,
        "message_bytes_persistent": persistent.1, "messages_persistent": persistent.0,
        "messages_ram": ready_ram.saturating_add(queue.unacked), "messages_ready_ram": ready_ram,
        "messages_unacknowledged_ram": queue.unacked, "messages_paged_out": queue.paged,
        "memory": bytes_ram.saturating_add(QUEUE_BYTES),
    })
}

/// What goes on in a queue.
fn activity(scene: &Scene, queue: &QueueView) -> Value {
    let seen = scene.samples.queues.get(&queue.name);
    let utilisation = seen.map_or(0.0, |seen| seen.utilisation);
    let text =
        |name: &Option<ShortStr>| name.as_ref().map(|name| name.to_string_lossy().into_owned());
    let mut shown = json!({
        "consumers": queue.consumers, "consumer_utilisation": utilisation,
        "consumer_capacity": utilisation, "head_message_timestamp": queue.head_timestamp,
        "exclusive_consumer_tag": text(&queue.exclusive_consumer),
        "single_active_consumer_tag": text(&queue.active_consumer),
        "message_stats": scene.rates.of_queue(&queue.counts, seen.map(|seen| &seen.counts)),
        "garbage_collection": {
            "max_heap_size": -1, "min_bin_vheap_size": -1, "min_heap_size": -1,
            "fullsweep_after": -1, "minor_gcs": -1,
        },
    });
    put(&mut shown, scene.rates.of_waiting(seen.map(|seen| seen.waiting).unwrap_or_default()));
    // Who has not been seen twice was busy a moment ago.
    if let (Some(seen), Some(span)) = (seen, scene.samples.span)
        && seen.changed_at < span.last
        && seen.counts.last == queue.counts
    {
        put(&mut shown, json!({ "idle_since": timestamp(seen.changed_at) }));
    }
    let owner = queue.owner.and_then(|owner| scene.shared.presence.by_id(owner));
    if let Some(owner) = owner {
        put(&mut shown, json!({ "owner_pid_details": peer_shown(&owner) }));
    }
    shown
}

/// The queue of that name, if the caller may look into its virtual host.
pub(super) async fn find(
    caller: &Caller,
    shared: &Arc<Shared>,
    (host, name): (&str, &str),
) -> Answer<QueueView> {
    let missing = || Refusal::not_found(format!("queue `{name}` does not exist in `{host}`"));
    let sought = Sought::Queue(short("queue", name)?);
    let Page::Queues(found) = seek(caller, shared, host, sought).await? else {
        return Err(missing());
    };
    found.into_iter().next().ok_or_else(missing)
}

async fn show(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    query: Query,
) -> Answer<Json<Value>> {
    let queue = find(&caller, &shared, (&host, &name)).await?;
    let scene = Scene::of(&caller, &shared, &host, &query)?;
    let mut shown = queue_shown(&scene, &queue);
    if scene.detail >= Detail::All {
        let mut consumers = consumers_of(&caller, &shared, &host).await?;
        consumers.retain(|consumer| {
            consumer.pointer("/queue/name").and_then(Value::as_str) == Some(name.as_str())
        });
        put(
            &mut shown,
            json!({
                "consumer_details": consumers, "incoming": [], "deliveries": [],
            }),
        );
    }
    Ok(one(&query, shown))
}

async fn declare(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.looks_into(&host)?;
    let body = object(&body)?;
    let declare = queue::Declare {
        queue: short("queue", &name)?,
        durable: flag(&body, "durable", true)?,
        auto_delete: flag(&body, "auto_delete", false)?,
        arguments: arguments(&body)?,
        ..queue::Declare::default()
    };
    let was_there = find(&caller, &shared, (&host, &name)).await.is_ok();
    run(&caller, &shared, &host, Method::QueueDeclare(declare)).await?;
    Ok(made(was_there))
}

async fn remove(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    query: Query,
) -> Answer<StatusCode> {
    // AMQP deletes what does not exist; HTTP says that it does not.
    find(&caller, &shared, (&host, &name)).await?;
    let (if_unused, if_empty) = (condition(&query, "if-unused"), condition(&query, "if-empty"));
    let queue = short("queue", &name)?;
    let delete = queue::Delete { queue, if_unused, if_empty, no_wait: false };
    run(&caller, &shared, &host, Method::QueueDelete(delete)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn purge(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
) -> Answer<StatusCode> {
    let purge = queue::Purge { queue: short("queue", &name)?, no_wait: false };
    run(&caller, &shared, &host, Method::QueuePurge(purge)).await?;
    Ok(StatusCode::NO_CONTENT)
}
