//! One exchange: shown, declared, deleted.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use leveret_engine::{ExchangeCounts, ExchangeView, Page, PolicyTarget, Sought};
use leveret_protocol::{FieldTable, Method, ShortStr, exchange};
use serde_json::{Value, json};

use super::{
    fields::{arguments, flag, object, put, text},
    listing::{Detail, Query, one},
    login::Caller,
    refusal::Refusal,
    scene::{Answer, InHost, Scene, Shares, condition, exchange_name, made, run, seek, short},
};
use crate::shared::Shared;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/exchanges/{vhost}/{name}", get(show).put(declare).delete(remove))
}

/// The exchange that every virtual host has and no engine lists.
pub(super) async fn default_exchange(
    caller: &Caller,
    shared: &Arc<Shared>,
    host: &str,
) -> Answer<ExchangeView> {
    let counts = match seek(caller, shared, host, Sought::Totals).await? {
        Page::Totals(totals) => totals.default_exchange,
        Page::Queues(_)
        | Page::Exchanges(_)
        | Page::Bindings(_)
        | Page::Consumers(_)
        | Page::Channels(_) => ExchangeCounts::default(),
    };
    Ok(ExchangeView {
        name: ShortStr::EMPTY,
        kind: "direct",
        durable: true,
        auto_delete: false,
        internal: false,
        arguments: FieldTable::default(),
        counts,
    })
}

pub(super) fn exchange_shown(scene: &Scene, exchange: &ExchangeView) -> Value {
    let mut shown = json!({
        "name": exchange.name.to_string_lossy(), "vhost": scene.host, "type": exchange.kind,
        "durable": exchange.durable, "auto_delete": exchange.auto_delete,
        "internal": exchange.internal, "arguments": leveret_json::table(&exchange.arguments),
        "policy": scene.rules.ruling(PolicyTarget::Exchange, &exchange.name).policy,
    });
    if scene.detail >= Detail::All {
        let seen = scene.samples.exchanges.get(&exchange.name);
        let stats = scene.rates.of_exchange(&exchange.counts, seen);
        put(&mut shown, json!({ "message_stats": stats }));
    }
    shown
}

/// The exchange of that name, if the caller may look into its virtual host.
pub(super) async fn find(
    caller: &Caller,
    shared: &Arc<Shared>,
    (host, name): (&str, &str),
) -> Answer<ExchangeView> {
    caller.looks_into(host)?;
    let sought = exchange_name(name)?;
    if sought.is_empty() {
        return default_exchange(caller, shared, host).await;
    }
    let missing = || Refusal::not_found(format!("exchange `{name}` does not exist in `{host}`"));
    let Page::Exchanges(found) = seek(caller, shared, host, Sought::Exchange(sought)).await? else {
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
    let exchange = find(&caller, &shared, (&host, &name)).await?;
    let mut shown = exchange_shown(&Scene::of(&caller, &shared, &host, &query)?, &exchange);
    put(&mut shown, json!({ "incoming": [], "outgoing": [] }));
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
    let kind = if body.contains_key("type") { text(&body, "type")? } else { "direct" };
    let declare = exchange::Declare {
        exchange: short("exchange", &name)?,
        kind: short("type", kind)?,
        durable: flag(&body, "durable", true)?,
        auto_delete: flag(&body, "auto_delete", false)?,
        internal: flag(&body, "internal", false)?,
        arguments: arguments(&body)?,
        ..exchange::Declare::default()
    };
    let was_there = find(&caller, &shared, (&host, &name)).await.is_ok();
    run(&caller, &shared, &host, Method::ExchangeDeclare(declare)).await?;
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
    let if_unused = condition(&query, "if-unused");
    let exchange = exchange_name(&name)?;
    let delete = exchange::Delete { exchange, if_unused, no_wait: false };
    run(&caller, &shared, &host, Method::ExchangeDelete(delete)).await?;
    Ok(StatusCode::NO_CONTENT)
}
