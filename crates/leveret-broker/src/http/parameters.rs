//! Parameters: limits of virtual hosts, and what is said of the broker.

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
    fields::{object, text},
    listing::{Query, answer},
    login::Caller,
    refusal::Refusal,
    users::put_status,
};
use crate::{
    product,
    registry::{Change, HostLimit, State as Settings},
    shared::Shared,
};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;

/// The only component that is kept as parameters.
const LIMITS: &str = "vhost-limits";

/// Each broker's own, which nobody changes.
const CLUSTER_ID: &str = "internal_cluster_id";

const CLUSTER_NAME: &str = "cluster_name";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/parameters", get(list))
        .route("/parameters/{component}", get(of_component))
        .route("/parameters/{component}/{vhost}", get(of_host))
        .route("/parameters/{component}/{vhost}/{name}", get(show).put(put).delete(delete))
        .route("/global-parameters", get(globals))
        .route("/global-parameters/{name}", get(global).put(put_global).delete(delete_global))
        .route("/cluster-name", get(cluster_name).put(put_cluster_name))
}

/// All parameters that the caller sees.
fn parameters(caller: &Caller) -> Vec<Value> {
    let hosts = caller.state.virtual_hosts.iter().filter(|(name, _)| caller.sees(name));
    let limits = hosts.map(|(name, host)| (name, json!(host.limits)));
    let set = limits.filter(|(_, value)| *value != json!({}));
    set.map(|(host, value)| {
        json!({ "component": LIMITS, "vhost": host, "name": "limits", "value": value })
    })
    .collect()
}

async fn list(caller: Caller, query: Query) -> Answer<Json<Value>> {
    caller.makes_policies()?;
    answer(query, parameters(&caller))
}

fn check_component(component: &str) -> Answer<()> {
    if component == LIMITS {
        return Ok(());
    }
    Err(Refusal::bad_request(format!("Validation failed: component {component} not found")))
}

async fn of_component(
    caller: Caller,
    Path(component): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.makes_policies()?;
    answer(query, if component == LIMITS { parameters(&caller) } else { Vec::new() })
}

async fn of_host(
    caller: Caller,
    Path((component, host)): Path<(String, String)>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.makes_policies()?;
    caller.looks_into(&host)?;
    let mut found = if component == LIMITS { parameters(&caller) } else { Vec::new() };
    found.retain(|item| item.get("vhost").and_then(Value::as_str) == Some(&host));
    answer(query, found)
}

async fn show(
    caller: Caller,
    Path((component, host, name)): Path<(String, String, String)>,
) -> Answer<Json<Value>> {
    caller.makes_policies()?;
    caller.looks_into(&host)?;
    let mut found = if component == LIMITS { parameters(&caller) } else { Vec::new() };
    found.retain(|item| {
        let is = |key: &str, wanted: &str| item.get(key).and_then(Value::as_str) == Some(wanted);
        is("vhost", &host) && is("name", &name)
    });
    let missing = || Refusal::not_found(format!("parameter `{name}` does not exist"));
    found.pop().map(Json).ok_or_else(missing)
}

async fn put(
    caller: Caller,
    State(shared): Shares,
    Path((component, virtual_host, _)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    check_component(&component)?;
    let body = object(&body)?;
    let Some(Value::Object(limits)) = body.get("value") else {
        return Err(Refusal::bad_request("`value` is no JSON object"));
    };
    let changes: Answer<Vec<Change>> = limits
        .iter()
        .map(|(name, value)| {
            let limit = HostLimit::named(name).ok_or_else(|| {
                Refusal::bad_request(format!("Validation failed: `{name}` is no limit"))
            })?;
            let value = value
                .as_i64()
                .ok_or_else(|| Refusal::bad_request(format!("`{name}` is no whole number")))?;
            let virtual_host = virtual_host.clone();
            Ok(Change::SetHostLimit { virtual_host, limit, value: u64::try_from(value).ok() })
        })
        .collect();
    Ok(put_status(shared.registry.change(changes?).await?))
}

async fn delete(
    caller: Caller,
    State(shared): Shares,
    Path((component, virtual_host, name)): Path<(String, String, String)>,
) -> Answer<StatusCode> {
    caller.administers()?;
    if component != LIMITS {
        return Err(Refusal::not_found(format!("parameter `{name}` does not exist")));
    }
    let clear = |limit| {
        let virtual_host = virtual_host.clone();
        Change::SetHostLimit { virtual_host, limit, value: None }
    };
    let changes = [HostLimit::Connections, HostLimit::Queues].map(clear).into();
    shared.registry.change(changes).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn all_globals(state: &Settings) -> Vec<Value> {
    let own = [(CLUSTER_ID, json!(state.cluster_id))];
    let said = state.global_parameters.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let all = said.chain(own);
    all.map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

async fn globals(caller: Caller, query: Query) -> Answer<Json<Value>> {
    caller.administers()?;
    answer(query, all_globals(&caller.state))
}

async fn global(caller: Caller, Path(name): Path<String>) -> Answer<Json<Value>> {
    caller.administers()?;
    let mut found = all_globals(&caller.state);
    found.retain(|item| item.get("name").and_then(Value::as_str) == Some(&name));
    let missing = || Refusal::not_found(format!("global parameter `{name}` does not exist"));
    found.pop().map(Json).ok_or_else(missing)
}

async fn put_global(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    let value = object(&body)?.get("value").cloned();
    let value = value.ok_or_else(|| Refusal::bad_request("`value` is missing"))?;
    set_global(&shared, name, Some(value)).await
}

async fn delete_global(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    caller.administers()?;
    set_global(&shared, name, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_global(shared: &Shared, name: String, value: Option<Value>) -> Answer<StatusCode> {
    if name == CLUSTER_ID {
        return Err(Refusal::bad_request("`internal_cluster_id` cannot be changed"));
    }
    if name == CLUSTER_NAME && value.as_ref().is_some_and(|value| !value.is_string()) {
        return Err(Refusal::bad_request("`cluster_name` is no string"));
    }
    let change = Change::SetGlobalParameter { name, value };
    Ok(put_status(shared.registry.change(vec![change]).await?))
}

async fn cluster_name(caller: Caller) -> Json<Value> {
    Json(json!({ "name": caller.state.cluster_name().unwrap_or(product::NODE) }))
}

async fn put_cluster_name(
    caller: Caller,
    State(shared): Shares,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    let name = json!(text(&object(&body)?, "name")?);
    set_global(&shared, CLUSTER_NAME.to_owned(), Some(name)).await?;
    Ok(StatusCode::NO_CONTENT)
}
