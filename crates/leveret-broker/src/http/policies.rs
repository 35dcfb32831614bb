//! Policies and operator policies.

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
    registry::{ApplyTo, Change, Pattern, Policy, PolicyKey, PolicyKind},
    shared::Shared,
};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .merge(routes_of("/policies", PolicyKind::User))
        .merge(routes_of("/operator-policies", PolicyKind::Operator))
}

fn routes_of(path: &str, kind: PolicyKind) -> Router<Arc<Shared>> {
    Router::new()
        .route(path, get(async move |caller: Caller, query: Query| list(caller, query, kind, None)))
        .route(
            &format!("{path}/{{vhost}}"),
            get(async move |caller: Caller, Path(host): Path<String>, query: Query| {
                list(caller, query, kind, Some(host))
            }),
        )
        .route(
            &format!("{path}/{{vhost}}/{{name}}"),
            get(async move |caller: Caller, at: Path<(String, String)>| show(caller, at, kind))
                .put(
                    move |caller: Caller,
                          shared: Shares,
                          at: Path<(String, String)>,
                          body: Bytes| {
                        put(caller, shared, (at, kind), body)
                    },
                )
                .delete(move |caller: Caller, shared: Shares, at: Path<(String, String)>| {
                    delete(caller, shared, at, kind)
                }),
        )
}

fn shown(virtual_host: &str, name: &str, policy: &Policy) -> Value {
    json!({
        "vhost": virtual_host, "name": name, "pattern": policy.pattern,
        "apply-to": policy.apply_to.name(), "priority": policy.priority,
        "definition": policy.definition,
    })
}

fn list(
    caller: Caller,
    query: Query,
    kind: PolicyKind,
    only: Option<String>,
) -> Answer<Json<Value>> {
    if let Some(name) = &only {
        caller.looks_into(name)?;
    }
    let hosts = caller.state.virtual_hosts.iter().filter(|(name, _)| caller.sees(name));
    let hosts = hosts.filter(|(name, _)| only.as_ref().is_none_or(|only| only == *name));
    let policies = hosts.flat_map(|(host, settings)| {
        settings.policies(kind).iter().map(move |(name, policy)| shown(host, name, policy))
    });
    answer(query, policies.collect())
}

fn show(
    caller: Caller,
    Path((host, name)): Path<(String, String)>,
    kind: PolicyKind,
) -> Answer<Json<Value>> {
    caller.looks_into(&host)?;
    let policy = caller.state.virtual_host(&host)?.policies(kind).get(&name);
    let policy =
        policy.ok_or_else(|| Refusal::not_found(format!("policy `{name}` does not exist")))?;
    Ok(Json(shown(&host, &name, policy)))
}

async fn put(
    caller: Caller,
    State(shared): Shares,
    (Path((virtual_host, name)), kind): (Path<(String, String)>, PolicyKind),
    body: Bytes,
) -> Answer<StatusCode> {
    allow(&caller, &virtual_host, kind)?;
    let body = object(&body)?;
    let pattern = Pattern::parse(text(&body, "pattern")?)
        .map_err(|reason| invalid(&format!("`pattern`: {reason}")))?;
    let Some(Value::Object(definition)) = body.get("definition") else {
        return Err(Refusal::bad_request("`definition` is no JSON object"));
    };
    let apply_to = match body.get("apply-to") {
        None => ApplyTo::All,
        Some(name) => ApplyTo::named(name.as_str().unwrap_or_default())
            .map_err(|reason| invalid(&format!("`apply-to`: {reason}")))?,
    };
    let priority = match body.get("priority") {
        None => 0,
        Some(number) => {
            number.as_i64().ok_or_else(|| Refusal::bad_request("`priority` is no whole number"))?
        }
    };
    let policy = Policy { pattern, apply_to, priority, definition: definition.clone() };
    policy.check(kind).map_err(|reason| invalid(&reason))?;
    let key = PolicyKey { virtual_host, kind, name };
    Ok(put_status(shared.registry.change(vec![Change::PutPolicy { key, policy }]).await?))
}

/// In the words by which `RabbitMQ` begins.
fn invalid(reason: &str) -> Refusal {
    Refusal::bad_request(format!("Validation failed: {reason}"))
}

async fn delete(
    caller: Caller,
    State(shared): Shares,
    Path((virtual_host, name)): Path<(String, String)>,
    kind: PolicyKind,
) -> Answer<StatusCode> {
    allow(&caller, &virtual_host, kind)?;
    let key = PolicyKey { virtual_host, kind, name };
    shared.registry.change(vec![Change::DeletePolicy { key }]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Policies are made by who may use the virtual host and is trusted with policies.
fn allow(caller: &Caller, virtual_host: &str, kind: PolicyKind) -> Answer<()> {
    caller.looks_into(virtual_host)?;
    match kind {
        PolicyKind::User => caller.makes_policies(),
        PolicyKind::Operator => caller.administers(),
    }
}
