//! What tools ask before they use something: flags, extensions, hashes, logins.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, put},
};
use serde_json::{Value, json};

use super::{
    listing::{Query, answer},
    login::Caller,
    refusal::Refusal,
};
use crate::{attempts::Outcomes, passwords::PasswordHash, product, shared::Shared};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;

/// What `RabbitMQ` calls flags, as far as it is so here; streams are not.
const FLAGS: [(&str, &str); 6] = [
    ("classic_mirrored_queue_version", "Mirrored queues are declared and not mirrored"),
    ("classic_queue_type_delivery_support", "Deliveries of classic queues"),
    ("direct_exchange_routing_v2", "Direct exchanges route by a table"),
    ("feature_flags_v2", "Feature flags"),
    ("quorum_queue", "Support queues of type `quorum`"),
    ("user_limits", "Configure connection and channel limits for a user"),
];

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/feature-flags", get(flags))
        .route("/feature-flags/{name}/enable", put(enable))
        .route("/deprecated-features", get(nothing))
        .route("/deprecated-features/used", get(nothing))
        .route("/extensions", get(nothing))
        .route("/federation-links", get(nothing))
        .route("/auth", get(auth))
        .route("/auth/hash_password/{password}", get(hash))
        .route("/auth/attempts/{node}", get(attempts).delete(reset))
        .route("/auth/attempts/{node}/source", get(sources))
}

async fn flags(caller: Caller, query: Query) -> Answer<Json<Value>> {
    caller.monitors_or_refuses()?;
    let shown = FLAGS.iter().map(|(name, text)| {
        json!({
            "name": name, "desc": text, "doc_url": "", "state": "enabled", "stability": "stable",
            "provided_by": "rabbit",
        })
    });
    answer(query, shown.collect())
}

async fn enable(caller: Caller, Path(name): Path<String>) -> Answer<StatusCode> {
    caller.administers()?;
    if name == "all" || FLAGS.iter().any(|(known, _)| *known == name) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refusal::bad_request(format!("feature flag `{name}` is not known")))
}

async fn nothing(_caller: Caller, query: Query) -> Answer<Json<Value>> {
    answer(query, Vec::new())
}

async fn auth() -> Json<Value> {
    Json(json!({ "oauth_enabled": false }))
}

async fn hash(caller: Caller, Path(password): Path<String>) -> Answer<Json<Value>> {
    caller.administers()?;
    let hash = PasswordHash::of_rabbitmq(password.as_bytes());
    let hash = hash.map_err(|error| Refusal::bad_request(error.to_string()))?;
    Ok(Json(json!({ "ok": hash.exported() })))
}

fn check_node(node: &str) -> Answer<()> {
    if node == product::NODE {
        return Ok(());
    }
    Err(Refusal::not_found(format!("node `{node}` does not exist")))
}

async fn attempts(
    caller: Caller,
    State(shared): Shares,
    Path(node): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.monitors_or_refuses()?;
    check_node(&node)?;
    let shown = |(protocol, outcomes): (&str, &Outcomes)| {
        let (succeeded, failed) = (outcomes.succeeded(), outcomes.failed());
        json!({
            "protocol": protocol, "auth_attempts": succeeded + failed,
            "auth_attempts_failed": failed, "auth_attempts_succeeded": succeeded,
        })
    };
    let all = [("amqp091", shared.attempts.amqp()), ("http", shared.attempts.http())];
    answer(query, all.map(shown).into())
}

/// By whom they were made is in the log alone.
async fn sources(caller: Caller, Path(node): Path<String>, query: Query) -> Answer<Json<Value>> {
    caller.monitors_or_refuses()?;
    check_node(&node)?;
    answer(query, Vec::new())
}

/// What was counted goes on being counted: metrics are made of it.
async fn reset(caller: Caller, Path(node): Path<String>) -> Answer<StatusCode> {
    caller.administers()?;
    check_node(&node)?;
    Err(Refusal::bad_request("attempts to log in are counted from the start, and not reset"))
}
