//! Channels and consumers: listed and shown.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use leveret_engine::{ChannelView, ConsumerView, Listing, Page};
use serde_json::{Value, json};

use super::{
    connections::{find, peer_shown, sees},
    fields::put,
    listing::{Query, answer, ask, one},
    login::Caller,
    overview::NODE,
    refusal::Refusal,
    scene::{Answer, Shares},
    stats::{Rates, timestamp},
};
use crate::{presence::Present, samples::HostSamples, shared::Shared};

/// The consumer's timeout where there is none: for ever.
const NEVER: u64 = u64::MAX;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/channels", get(list))
        .route("/channels/{name}", get(show))
        .route("/vhosts/{vhost}/channels", get(list_in))
        .route("/connections/{name}/channels", get(list_on))
        .route("/consumers", get(consumers))
        .route("/consumers/{vhost}", get(consumers_in))
}

/// The connections that the caller sees, by number.
type Seen = BTreeMap<u64, Arc<Present>>;

fn seen(caller: &Caller, shared: &Shared) -> Seen {
    let all = shared.presence.all().into_iter().filter(|present| sees(caller, present));
    all.map(|present| (present.id.0, present)).collect()
}

fn shown(
    present: &Present,
    channel: &ChannelView,
    (samples, rates): (&HostSamples, Rates),
) -> Value {
    let (name, number) = (present.name(), channel.number.as_u16());
    let before = samples.channels.get(&(channel.connection, channel.number));
    let mut shown = json!({
        "number": number, "name": format!("{name} ({number})"), "node": NODE,
        "connection_details": peer_shown(present),
        "vhost": present.virtual_host.to_string_lossy(), "user": present.user,
        "user_who_performed_action": present.user, "state": "running",
        "consumer_count": channel.consumers, "confirm": channel.confirm,
        "transactional": channel.transactional, "prefetch_count": channel.prefetch,
        "global_prefetch_count": channel.global_prefetch,
        "messages_unconfirmed": channel.unconfirmed, "messages_unacknowledged": channel.unacked,
        "messages_uncommitted": channel.uncommitted_messages,
        "acks_uncommitted": channel.uncommitted_acks, "pending_raft_commands": 0,
        "message_stats": rates.of_channel(&channel.counts, before),
    });
    if let (Some(before), Some(span)) = (before, samples.span)
        && before.before == before.last
        && before.last == channel.counts
    {
        put(&mut shown, json!({ "idle_since": timestamp(span.before) }));
    }
    shown
}

/// The channels in a virtual host that are wanted, of connections that the caller sees.
async fn channels_of(
    (caller, shared): (&Caller, &Arc<Shared>),
    (host, query): (&str, &Query),
    is_wanted: impl Fn(&Present) -> bool,
) -> Answer<Vec<Value>> {
    let (seen, samples) = (seen(caller, shared), shared.samples.host(host));
    let rates = Rates::of(query, samples.span);
    let mut channels = Vec::new();
    for page in ask(shared, host, Listing::Channels).await? {
        let Page::Channels(page) = page else { continue };
        channels.extend(page.iter().filter_map(|channel| {
            let present = seen.get(&channel.connection.0).filter(|present| is_wanted(present))?;
            Some(shown(present, channel, (&samples, rates)))
        }));
    }
    Ok(channels)
}

async fn list(caller: Caller, State(shared): Shares, query: Query) -> Answer<Json<Value>> {
    let mut channels = Vec::new();
    for host in caller.state.virtual_hosts.keys() {
        channels.extend(channels_of((&caller, &shared), (host, &query), |_| true).await?);
    }
    answer(query, channels)
}

async fn list_in(
    caller: Caller,
    State(shared): Shares,
    Path(host): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.looks_into(&host)?;
    let channels = channels_of((&caller, &shared), (&host, &query), |_| true).await?;
    answer(query, channels)
}

async fn list_on(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    let connection = find(&caller, &shared, &name)?;
    let (host, wanted) = (connection.virtual_host.to_string_lossy(), connection.id);
    let is_its = |present: &Present| present.id == wanted;
    let channels = channels_of((&caller, &shared), (&host, &query), is_its).await?;
    answer(query, channels)
}

async fn show(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    let missing = || Refusal::not_found(format!("channel `{name}` does not exist"));
    let (connection, _) = name.rsplit_once(" (").ok_or_else(missing)?;
    let connection = find(&caller, &shared, connection).map_err(|_| missing())?;
    let (host, wanted) = (connection.virtual_host.to_string_lossy(), connection.id);
    let is_its = |present: &Present| present.id == wanted;
    let channels = channels_of((&caller, &shared), (&host, &query), is_its).await?;
    let is_it = |item: &Value| item.get("name").and_then(Value::as_str) == Some(name.as_str());
    let mut channel = channels.into_iter().find(is_it).ok_or_else(missing)?;
    let mut consumers = consumers_of(&caller, &shared, &host).await?;
    consumers.retain(|consumer| {
        consumer.pointer("/channel_details/name").and_then(Value::as_str) == Some(name.as_str())
    });
    put(&mut channel, json!({ "consumer_details": consumers, "publishes": [], "deliveries": [] }));
    Ok(one(&query, channel))
}

async fn consumers(caller: Caller, State(shared): Shares, query: Query) -> Answer<Json<Value>> {
    let mut found = Vec::new();
    for host in caller.state.virtual_hosts.keys().filter(|host| caller.sees(host)) {
        found.extend(consumers_of(&caller, &shared, host).await?);
    }
    answer(query, found)
}

async fn consumers_in(
    caller: Caller,
    State(shared): Shares,
    Path(host): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.looks_into(&host)?;
    answer(query, consumers_of(&caller, &shared, &host).await?)
}

pub(super) async fn consumers_of(
    caller: &Caller,
    shared: &Arc<Shared>,
    host: &str,
) -> Answer<Vec<Value>> {
    let seen = seen(caller, shared);
    let mut found = Vec::new();
    for page in ask(shared, host, Listing::Consumers).await? {
        let Page::Consumers(page) = page else { continue };
        found.extend(page.iter().map(|consumer| consumer_shown(host, &seen, consumer)));
    }
    Ok(found)
}

fn consumer_shown(host: &str, seen: &Seen, consumer: &ConsumerView) -> Value {
    let number = consumer.channel.as_u16();
    let channel = match seen.get(&consumer.connection.0) {
        Some(present) => {
            let (peer, name) = (peer_shown(present), present.name());
            json!({
                "number": number, "name": format!("{name} ({number})"), "connection_name": name,
                "node": NODE, "user": present.user, "peer_host": peer.get("peer_host"),
                "peer_port": peer.get("peer_port"),
            })
        }
        None => json!({}),
    };
    let timeout = consumer
        .timeout
        .map_or(NEVER, |timeout| u64::try_from(timeout.as_millis()).unwrap_or(NEVER));
    json!({
        "consumer_tag": consumer.tag.to_string_lossy(), "active": consumer.active,
        "ack_required": consumer.ack_required, "prefetch_count": consumer.prefetch,
        "exclusive": consumer.exclusive, "arguments": leveret_json::table(&consumer.arguments),
        "activity_status": if consumer.active { "up" } else { "waiting" },
        "consumer_timeout": timeout,
        "queue": { "name": consumer.queue.to_string_lossy(), "vhost": host },
        "channel_details": channel,
    })
}
