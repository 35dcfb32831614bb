//! Virtual hosts and their limits.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    fields::{flag, object, put as put_fields},
    listing::{Detail, Query, answer, one},
    login::Caller,
    overview::NODE,
    refusal::Refusal,
    totals,
    users::{limit_value, put_status, topics_shown},
};
use crate::{
    registry::{Change, HostLimit, Metadata, Permission, VirtualHost, Where},
    shared::Shared,
};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/vhosts", get(list))
        .route("/vhosts/{vhost}", get(show).put(put).delete(delete))
        .route("/vhosts/{vhost}/permissions", get(permissions))
        .route("/vhosts/{vhost}/topic-permissions", get(topic_permissions))
        .route("/vhost-limits", get(limits))
        .route("/vhost-limits/{vhost}", get(limits_of))
        .route("/vhost-limits/{vhost}/{limit}", axum::routing::put(set_limit).delete(clear_limit))
}

fn shown(name: &str, host: &VirtualHost) -> Value {
    let Metadata { description, tags, default_queue_type, tracing } = &host.metadata;
    let default = default_queue_type.as_deref().unwrap_or("undefined");
    json!({
        "name": name, "description": description, "tags": tags, "default_queue_type": default,
        "metadata": { "description": description, "tags": tags, "default_queue_type": default },
        "tracing": tracing, "cluster_state": { NODE: "running" },
    })
}

/// As it was made, and what goes on in it, if that is wanted.
async fn whole(shared: &Arc<Shared>, (name, host): (&str, &VirtualHost), query: &Query) -> Value {
    let mut shown = shown(name, host);
    if Detail::of(query) >= Detail::All {
        put_fields(&mut shown, totals::of_host(shared, name, query).await);
    }
    shown
}

async fn list(caller: Caller, State(shared): Shares, query: Query) -> Answer<Json<Value>> {
    let mut found = Vec::new();
    for (name, host) in caller.state.virtual_hosts.iter().filter(|(name, _)| caller.sees(name)) {
        found.push(whole(&shared, (name, host), &query).await);
    }
    answer(query, found)
}

async fn show(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.looks_into(&name)?;
    let host = caller.state.virtual_host(&name)?;
    Ok(one(&query, whole(&shared, (&name, host), &query).await))
}

/// As with `RabbitMQ`, who makes a virtual host may use it.
async fn put(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    let body = object(&body)?;
    let text = |key| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let tags: Vec<String> = match body.get("tags") {
        Some(Value::Array(tags)) => {
            tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(tags)) => {
            tags.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    let metadata = (!body.is_empty()).then_some(Metadata {
        description: text("description").unwrap_or_default(),
        tags,
        default_queue_type: text("default_queue_type"),
        tracing: flag(&body, "tracing", false)?,
    });
    let is_new = caller.state.virtual_host(&name).is_err();
    let mut changes = vec![Change::PutVirtualHost { name: name.clone(), metadata }];
    if is_new {
        let at = Where { user: caller.name, virtual_host: name };
        changes.push(Change::SetPermission { at, permission: Permission::everything() });
    }
    Ok(put_status(shared.registry.change(changes).await?))
}

async fn delete(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    caller.administers()?;
    shared.registry.change(vec![Change::DeleteVirtualHost { name }]).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn permissions(
    caller: Caller,
    Path(name): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.administers()?;
    caller.state.virtual_host(&name)?;
    let held = caller.state.users.iter().filter_map(|(user, account)| {
        let held = account.permissions.get(&name)?;
        Some(json!({
            "user": user, "vhost": name, "configure": held.configure,
            "write": held.write, "read": held.read,
        }))
    });
    answer(query, held.collect())
}

async fn topic_permissions(
    caller: Caller,
    Path(name): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.administers()?;
    caller.state.virtual_host(&name)?;
    let users = caller.state.users.iter();
    let mut topics: Vec<Value> =
        users.flat_map(|(user, account)| topics_shown(user, account)).collect();
    topics.retain(|topic| topic.get("vhost").and_then(Value::as_str) == Some(&name));
    answer(query, topics)
}

fn limits_shown(name: &str, host: &VirtualHost) -> Option<Value> {
    let value = json!(host.limits);
    (value != json!({})).then(|| json!({ "vhost": name, "value": value }))
}

async fn limits(caller: Caller, query: Query) -> Answer<Json<Value>> {
    let seen = caller.state.virtual_hosts.iter().filter(|(name, _)| caller.sees(name));
    answer(query, seen.filter_map(|(name, host)| limits_shown(name, host)).collect())
}

async fn limits_of(caller: Caller, Path(name): Path<String>, query: Query) -> Answer<Json<Value>> {
    caller.looks_into(&name)?;
    let host = caller.state.virtual_host(&name)?;
    answer(query, limits_shown(&name, host).into_iter().collect())
}

fn named(limit: &str) -> Answer<HostLimit> {
    HostLimit::named(limit).ok_or_else(|| {
        Refusal::bad_request(format!(
            "`{limit}` is no limit of virtual hosts, known are max-connections, max-queues"
        ))
    })
}

async fn set_limit(
    caller: Caller,
    State(shared): Shares,
    Path((virtual_host, limit)): Path<(String, String)>,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    let (limit, value) = (named(&limit)?, limit_value(&body)?);
    shared.registry.change(vec![Change::SetHostLimit { virtual_host, limit, value }]).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_limit(
    caller: Caller,
    State(shared): Shares,
    Path((virtual_host, limit)): Path<(String, String)>,
) -> Answer<StatusCode> {
    caller.administers()?;
    let limit = named(&limit)?;
    shared.registry.change(vec![Change::SetHostLimit { virtual_host, limit, value: None }]).await?;
    Ok(StatusCode::NO_CONTENT)
}
