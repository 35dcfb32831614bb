//! Queues, exchanges and bindings: listed, declared, purged, deleted.
//!
//! What changes them is done as a connection of the caller's would do it (`errand`), so that the
//! engine's own checks and permissions hold.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get},
};
use leveret_engine::{BindingView, ExchangeView, Listing, Page, PolicyTarget, QueueView};
use leveret_protocol::{Method, ShortStr, exchange, queue};
use serde_json::{Value, json};

use super::{
    fields::{arguments, flag, object, text},
    listing::{Query, answer, ask},
    login::Caller,
    overview::NODE,
    refusal::Refusal,
};
use crate::{errand::run_errand, registry::Rules, shared::Shared};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;
type InHost = Path<(String, String)>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    let queue = get(queue).put(declare_queue).delete(delete_queue);
    let exchange = get(exchange).put(declare_exchange).delete(delete_exchange);
    Router::new()
        .merge(listed("/queues", Listing::Queues))
        .route("/queues/{vhost}/{name}", queue)
        .route("/queues/{vhost}/{name}/contents", delete(purge))
        .merge(listed("/exchanges", Listing::Exchanges))
        .route("/exchanges/{vhost}/{name}", exchange)
        .merge(listed("/bindings", Listing::Bindings))
}

/// What is listed at a path: of all virtual hosts, and below it of one.
fn listed(path: &str, listing: Listing) -> Router<Arc<Shared>> {
    let all =
        move |caller: Caller, shared: Shares, query: Query| list(caller, shared, query, listing);
    let in_host = move |caller: Caller, shared: Shares, host: Path<String>, query: Query| {
        list_in(caller, shared, (host, query), listing)
    };
    Router::new().route(path, get(all)).route(&format!("{path}/{{vhost}}"), get(in_host))
}

async fn list(
    caller: Caller,
    State(shared): Shares,
    query: Query,
    listing: Listing,
) -> Answer<Json<Value>> {
    let mut found = Vec::new();
    for host in caller.state.virtual_hosts.keys().filter(|host| caller.sees(host)) {
        found.extend(items(&caller, &shared, host, listing).await?);
    }
    answer(query, found)
}

async fn list_in(
    caller: Caller,
    State(shared): Shares,
    (Path(host), query): (Path<String>, Query),
    listing: Listing,
) -> Answer<Json<Value>> {
    caller.looks_into(&host)?;
    answer(query, items(&caller, &shared, &host, listing).await?)
}

async fn items(
    caller: &Caller,
    shared: &Arc<Shared>,
    host: &str,
    listing: Listing,
) -> Answer<Vec<Value>> {
    let rules = Rules::of(caller.state.virtual_host(host)?);
    let mut found = Vec::new();
    if listing == Listing::Exchanges {
        found.push(exchange_shown(host, &rules, &default_exchange()));
    }
    for page in ask(shared, host, listing).await? {
        match page {
            Page::Queues(page) => {
                found.extend(page.iter().map(|queue| queue_shown(host, &rules, queue)));
            }
            Page::Exchanges(page) => {
                found.extend(page.iter().map(|exchange| exchange_shown(host, &rules, exchange)));
            }
            Page::Bindings(page) => {
                found.extend(page.iter().map(|binding| binding_shown(host, binding)));
            }
            Page::Consumers(_) | Page::Channels(_) => {}
        }
    }
    Ok(found)
}

fn default_exchange() -> ExchangeView {
    ExchangeView {
        name: ShortStr::EMPTY,
        kind: "direct",
        durable: true,
        auto_delete: false,
        internal: false,
        arguments: leveret_protocol::FieldTable::default(),
    }
}

fn queue_shown(host: &str, rules: &Rules, queue: &QueueView) -> Value {
    let target = match queue.queue_type {
        "quorum" => PolicyTarget::QuorumQueue,
        _ => PolicyTarget::ClassicQueue,
    };
    let ruling = rules.ruling(target, &queue.name);
    let bytes = queue.ready_bytes + queue.unacked_bytes;
    json!({
        "name": queue.name.to_string_lossy(), "vhost": host, "type": queue.queue_type, "node": NODE,
        "durable": queue.durable, "auto_delete": queue.auto_delete,
        "exclusive": queue.owner.is_some(), "arguments": leveret_json::table(&queue.arguments),
        "state": "running", "messages": queue.ready + queue.unacked,
        "messages_ready": queue.ready, "messages_unacknowledged": queue.unacked,
        "message_bytes": bytes, "message_bytes_ready": queue.ready_bytes,
        "message_bytes_unacknowledged": queue.unacked_bytes, "consumers": queue.consumers,
        "policy": ruling.policy, "operator_policy": ruling.operator_policy,
        "effective_policy_definition": ruling.definition,
    })
}

fn exchange_shown(host: &str, rules: &Rules, exchange: &ExchangeView) -> Value {
    json!({
        "name": exchange.name.to_string_lossy(), "vhost": host, "type": exchange.kind,
        "durable": exchange.durable, "auto_delete": exchange.auto_delete,
        "internal": exchange.internal, "arguments": leveret_json::table(&exchange.arguments),
        "policy": rules.ruling(PolicyTarget::Exchange, &exchange.name).policy,
    })
}

fn binding_shown(host: &str, binding: &BindingView) -> Value {
    let key = binding.routing_key.to_string_lossy();
    let properties_key = if key.is_empty() { "~" } else { &key };
    json!({
        "source": binding.source.to_string_lossy(), "vhost": host,
        "destination": binding.destination.to_string_lossy(),
        "destination_type": if binding.is_to_queue { "queue" } else { "exchange" },
        "routing_key": key, "arguments": leveret_json::table(&binding.arguments),
        "properties_key": properties_key,
    })
}

async fn one(
    caller: &Caller,
    shared: &Arc<Shared>,
    (host, name): (&str, &str),
    listing: Listing,
) -> Answer<Json<Value>> {
    caller.looks_into(host)?;
    let is_it = |item: &Value| item.get("name").and_then(Value::as_str) == Some(name);
    let what = if listing == Listing::Queues { "queue" } else { "exchange" };
    let found = items(caller, shared, host, listing).await?.into_iter().find(is_it);
    let missing = || Refusal::not_found(format!("{what} `{name}` does not exist in `{host}`"));
    found.map(Json).ok_or_else(missing)
}

async fn queue(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
) -> Answer<Json<Value>> {
    one(&caller, &shared, (&host, &name), Listing::Queues).await
}

async fn exchange(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
) -> Answer<Json<Value>> {
    let name = if name == "amq.default" { String::new() } else { name };
    one(&caller, &shared, (&host, &name), Listing::Exchanges).await
}

fn short(name: &str) -> Answer<ShortStr> {
    ShortStr::try_from(name).map_err(|_| Refusal::bad_request("a name has more than 255 bytes"))
}

/// Runs an errand of the caller's, who has to be let into the virtual host.
async fn run(caller: &Caller, shared: &Shared, host: &str, method: Method) -> Answer<Method> {
    caller.looks_into(host)?;
    Ok(run_errand(shared, &short(host)?, &caller.name, method).await?)
}

/// AMQP deletes what does not exist; HTTP says that it does not.
async fn exists(
    caller: &Caller,
    shared: &Arc<Shared>,
    at: (&str, &str),
    listing: Listing,
) -> Answer<()> {
    one(caller, shared, at, listing).await.map(drop)
}

/// 201 for what was not there before, as far as the caller could see.
async fn was_there(
    caller: &Caller,
    shared: &Arc<Shared>,
    at: (&str, &str),
    listing: Listing,
) -> StatusCode {
    match one(caller, shared, at, listing).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::CREATED,
    }
}

async fn declare_queue(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    body: Bytes,
) -> Answer<StatusCode> {
    let body = object(&body)?;
    let declare = queue::Declare {
        queue: short(&name)?,
        durable: flag(&body, "durable", true)?,
        auto_delete: flag(&body, "auto_delete", false)?,
        arguments: arguments(&body)?,
        ..queue::Declare::default()
    };
    let status = was_there(&caller, &shared, (&host, &name), Listing::Queues).await;
    run(&caller, &shared, &host, Method::QueueDeclare(declare)).await?;
    Ok(status)
}

/// What a deletion is bound to, as the query says.
fn condition(query: &Query, name: &str) -> bool {
    query.0.get(name).is_some_and(|value| value == "true")
}

async fn delete_queue(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    query: Query,
) -> Answer<StatusCode> {
    exists(&caller, &shared, (&host, &name), Listing::Queues).await?;
    let (if_unused, if_empty) = (condition(&query, "if-unused"), condition(&query, "if-empty"));
    let delete = queue::Delete { queue: short(&name)?, if_unused, if_empty, no_wait: false };
    run(&caller, &shared, &host, Method::QueueDelete(delete)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn purge(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
) -> Answer<StatusCode> {
    let purge = queue::Purge { queue: short(&name)?, no_wait: false };
    run(&caller, &shared, &host, Method::QueuePurge(purge)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn declare_exchange(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    body: Bytes,
) -> Answer<StatusCode> {
    let body = object(&body)?;
    let declare = exchange::Declare {
        exchange: short(&name)?,
        kind: short(text(&body, "type")?)?,
        durable: flag(&body, "durable", true)?,
        auto_delete: flag(&body, "auto_delete", false)?,
        internal: flag(&body, "internal", false)?,
        arguments: arguments(&body)?,
        ..exchange::Declare::default()
    };
    let status = was_there(&caller, &shared, (&host, &name), Listing::Exchanges).await;
    run(&caller, &shared, &host, Method::ExchangeDeclare(declare)).await?;
    Ok(status)
}

async fn delete_exchange(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    query: Query,
) -> Answer<StatusCode> {
    exists(&caller, &shared, (&host, &name), Listing::Exchanges).await?;
    let if_unused = condition(&query, "if-unused");
    let delete = exchange::Delete { exchange: short(&name)?, if_unused, no_wait: false };
    run(&caller, &shared, &host, Method::ExchangeDelete(delete)).await?;
    Ok(StatusCode::NO_CONTENT)
}
