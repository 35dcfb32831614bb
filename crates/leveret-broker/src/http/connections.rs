//! Connections, channels and consumers.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use leveret_engine::{Listing, Page};
use serde_json::{Value, json};

use super::{
    listing::{Query, answer, ask},
    login::Caller,
    overview::NODE,
    refusal::Refusal,
};
use crate::{news::News, presence::Present, shared::Shared, users::Peer};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;

/// Why a connection is closed, if whoever closes it says nothing else.
const REASON: &str = "Closed via management plugin";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/connections", get(list))
        .route("/connections/{name}", get(show).delete(close))
        .route("/channels", get(channels))
        .route("/consumers", get(all_consumers))
        .route("/consumers/{vhost}", get(consumers))
}

fn shown(present: &Present) -> Value {
    let (peer_host, peer_port) = match present.peer {
        Peer::Address(address) => (address.ip().to_string(), address.port()),
        Peer::Process => ("in process".to_owned(), 0),
    };
    let host = present.local.map(|local| local.ip().to_string()).unwrap_or_default();
    json!({
        "name": present.name(), "user": present.user, "node": NODE, "protocol": "AMQP 0-9-1",
        "vhost": present.virtual_host.to_string_lossy(), "state": "running", "type": "network",
        "channels": present.channels.load(Ordering::Relaxed), "ssl": present.is_tls,
        "auth_mechanism": present.mechanism.to_string_lossy(),
        "connected_at": present.opened_at.as_millis(), "peer_host": peer_host,
        "peer_port": peer_port, "host": host,
        "port": present.local.map_or(0, |local| local.port()),
        "client_properties": leveret_json::table(&present.client_properties),
    })
}

/// Whether the caller sees that connection: their own, or all.
fn sees(caller: &Caller, present: &Present) -> bool {
    caller.monitors() || present.user == caller.name
}

async fn list(caller: Caller, State(shared): Shares, query: Query) -> Answer<Json<Value>> {
    let all = shared.presence.all();
    let seen = all.iter().filter(|present| sees(&caller, present));
    answer(query, seen.map(|present| shown(present)).collect())
}

fn find(caller: &Caller, shared: &Shared, name: &str) -> Answer<Arc<Present>> {
    let found = shared.presence.named(name).filter(|present| sees(caller, present));
    found.ok_or_else(|| Refusal::not_found(format!("connection `{name}` does not exist")))
}

async fn show(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
) -> Answer<Json<Value>> {
    Ok(Json(shown(&*find(&caller, &shared, &name)?)))
}

async fn close(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let present = find(&caller, &shared, &name)?;
    if present.user != caller.name {
        caller.administers()?;
    }
    let reason = headers.get("x-reason").and_then(|reason| reason.to_str().ok()).unwrap_or(REASON);
    present.tell(News::Close(reason.into()));
    Ok(StatusCode::NO_CONTENT)
}

/// The names of the connections that the caller sees, by number.
fn names(caller: &Caller, shared: &Shared) -> BTreeMap<u64, Arc<Present>> {
    let all = shared.presence.all().into_iter().filter(|present| sees(caller, present));
    all.map(|present| (present.id.0, present)).collect()
}

async fn channels(caller: Caller, State(shared): Shares, query: Query) -> Answer<Json<Value>> {
    let names = names(&caller, &shared);
    let mut channels = Vec::new();
    for host in caller.state.virtual_hosts.keys() {
        for page in ask(&shared, host, Listing::Channels).await? {
            let Page::Channels(page) = page else { continue };
            channels.extend(page.into_iter().filter_map(|channel| {
                let present = names.get(&channel.connection.0)?;
                let (name, number) = (present.name(), channel.number.as_u16());
                Some(json!({
                    "number": number, "name": format!("{name} ({number})"), "node": NODE,
                    "connection_details": { "name": name }, "vhost": host, "user": present.user,
                    "state": "running", "consumer_count": channel.consumers,
                    "confirm": channel.confirm, "transactional": channel.transactional,
                    "prefetch_count": channel.prefetch, "messages_unconfirmed": 0,
                    "messages_unacknowledged": channel.unacked,
                }))
            }));
        }
    }
    answer(query, channels)
}

async fn all_consumers(caller: Caller, State(shared): Shares, query: Query) -> Answer<Json<Value>> {
    let mut found = Vec::new();
    for host in caller.state.virtual_hosts.keys().filter(|host| caller.sees(host)) {
        found.extend(consumers_of(&caller, &shared, host).await?);
    }
    answer(query, found)
}

async fn consumers(
    caller: Caller,
    State(shared): Shares,
    Path(host): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.looks_into(&host)?;
    answer(query, consumers_of(&caller, &shared, &host).await?)
}

async fn consumers_of(caller: &Caller, shared: &Arc<Shared>, host: &str) -> Answer<Vec<Value>> {
    let names = names(caller, shared);
    let mut found = Vec::new();
    for page in ask(shared, host, Listing::Consumers).await? {
        let Page::Consumers(page) = page else { continue };
        found.extend(page.into_iter().map(|consumer| {
            let number = consumer.channel.as_u16();
            let channel = match names.get(&consumer.connection.0) {
                Some(present) => json!({
                    "number": number, "name": format!("{} ({number})", present.name()),
                    "connection_name": present.name(), "node": NODE, "user": present.user,
                }),
                None => json!({}),
            };
            json!({
                "consumer_tag": consumer.tag.to_string_lossy(), "active": true,
                "ack_required": consumer.ack_required, "prefetch_count": consumer.prefetch,
                "exclusive": false, "arguments": {}, "activity_status": "up",
                "consumer_timeout": 1_800_000,
                "queue": { "name": consumer.queue.to_string_lossy(), "vhost": host },
                "channel_details": channel,
            })
        }));
    }
    Ok(found)
}
