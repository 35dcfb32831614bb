//! Connections: listed, shown, closed.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    listing::{Query, answer, one},
    login::Caller,
    overview::NODE,
    refusal::Refusal,
    scene::{Answer, Shares},
    stats::Rates,
};
use crate::{
    news::News,
    presence::Present,
    samples::{Change, TrafficSamples},
    shared::Shared,
    users::Peer,
};

/// Why a connection is closed, if whoever closes it says nothing else.
const REASON: &str = "Closed via management plugin";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/connections", get(list))
        .route("/connections/{name}", get(show).delete(close))
        .route("/connections/username/{user}", get(list_of).delete(close_of))
        .route("/vhosts/{vhost}/connections", get(list_in))
}

/// Whether the caller sees that connection: their own, or all.
pub(super) fn sees(caller: &Caller, present: &Present) -> bool {
    caller.monitors() || present.user == caller.name
}

/// The far end of a connection, as other things name it.
pub(super) fn peer_shown(present: &Present) -> Value {
    let (peer_host, peer_port) = match present.peer {
        Peer::Address(address) => (address.ip().to_string(), address.port()),
        Peer::Process => ("in process".to_owned(), 0),
    };
    json!({ "name": present.name(), "peer_host": peer_host, "peer_port": peer_port })
}

fn shown(present: &Present, samples: &TrafficSamples, rates: Rates) -> Value {
    let Change { before, last } = samples.of(present.id);
    let (peer_host, peer_port) = match present.peer {
        Peer::Address(address) => (address.ip().to_string(), address.port()),
        Peer::Process => ("in process".to_owned(), 0),
    };
    let host = present.local.map(|local| local.ip().to_string()).unwrap_or_default();
    let properties = leveret_json::table(&present.client_properties);
    let name = properties.get("connection_name").cloned();
    let traffic = &present.traffic;
    let (received, sent) =
        (traffic.received.load(Ordering::Relaxed), traffic.sent.load(Ordering::Relaxed));
    json!({
        "name": present.name(), "user": present.user, "user_who_performed_action": present.user,
        "node": NODE, "protocol": "AMQP 0-9-1", "user_provided_name": name,
        "vhost": present.virtual_host.to_string_lossy(), "state": "running", "type": "network",
        "channels": present.channels.load(Ordering::Relaxed), "ssl": present.is_tls,
        "channel_max": present.negotiated.channel_max, "frame_max": present.negotiated.frame_max,
        "timeout": present.negotiated.heartbeat_secs,
        "auth_mechanism": present.mechanism.to_string_lossy(),
        "connected_at": present.opened_at.as_millis(), "peer_host": peer_host,
        "peer_port": peer_port, "host": host,
        "port": present.local.map_or(0, |local| local.port()),
        "ssl_protocol": null, "ssl_cipher": null, "ssl_hash": null, "ssl_key_exchange": null,
        "peer_cert_subject": null, "peer_cert_issuer": null, "peer_cert_validity": null,
        "recv_oct": received, "send_oct": sent, "recv_cnt": traffic.reads.load(Ordering::Relaxed),
        "send_cnt": traffic.writes.load(Ordering::Relaxed), "send_pend": 0,
        "recv_oct_details":
            rates.of_counter(Change { before: before.received, last: last.received }),
        "send_oct_details": rates.of_counter(Change { before: before.sent, last: last.sent }),
        "client_properties": properties,
    })
}

/// Those of the connections that the caller sees.
fn seen(
    caller: &Caller,
    shared: &Shared,
    query: Query,
    is_wanted: impl Fn(&Present) -> bool,
) -> Answer<Json<Value>> {
    let all = shared.presence.all();
    let all = all.iter().filter(|present| sees(caller, present) && is_wanted(present));
    let samples = shared.samples.traffic();
    let rates = Rates::of(&query, shared.samples.machine().span);
    let shown = all.map(|present| shown(present, &samples, rates)).collect();
    answer(query, shown)
}

async fn list(caller: Caller, State(shared): Shares, query: Query) -> Answer<Json<Value>> {
    seen(&caller, &shared, query, |_| true)
}

async fn list_of(
    caller: Caller,
    State(shared): Shares,
    Path(user): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    seen(&caller, &shared, query, |present| present.user == user)
}

async fn list_in(
    caller: Caller,
    State(shared): Shares,
    Path(host): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.looks_into(&host)?;
    seen(&caller, &shared, query, |present| *present.virtual_host == *host.as_bytes())
}

/// The connection of that name, if the caller sees it.
pub(super) fn find(caller: &Caller, shared: &Shared, name: &str) -> Answer<Arc<Present>> {
    let found = shared.presence.named(name).filter(|present| sees(caller, present));
    found.ok_or_else(|| Refusal::not_found(format!("connection `{name}` does not exist")))
}

async fn show(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    let rates = Rates::of(&query, shared.samples.machine().span);
    let present = find(&caller, &shared, &name)?;
    Ok(one(&query, shown(&present, &shared.samples.traffic(), rates)))
}

fn reason(headers: &HeaderMap) -> Arc<str> {
    headers.get("x-reason").and_then(|reason| reason.to_str().ok()).unwrap_or(REASON).into()
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
    present.tell(News::Close(reason(&headers)));
    Ok(StatusCode::NO_CONTENT)
}

async fn close_of(
    caller: Caller,
    State(shared): Shares,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    if user != caller.name {
        caller.administers()?;
    }
    shared.presence.tell(&News::Close(reason(&headers)), |present| present.user == user);
    Ok(StatusCode::NO_CONTENT)
}
