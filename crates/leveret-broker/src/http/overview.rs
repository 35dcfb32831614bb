//! `/api/overview` and `/api/whoami`: what the broker is, and who asks.

use std::sync::{Arc, atomic::Ordering};

use axum::{Json, Router, extract::State, routing::get};
use leveret_engine::{Listing, Page};
use serde_json::{Value, json};

use super::{
    fields::put,
    listing::{Query, ask, one},
    login::Caller,
    refusal::Refusal,
    totals,
};
use crate::{product, shared::Shared};

/// The node's name, as tools show it.
pub(super) use crate::product::NODE;

/// The types of exchanges, and what each is for.
const EXCHANGE_TYPES: [(&str, &str); 9] = [
    ("direct", "AMQP direct exchange, as per the AMQP specification"),
    ("fanout", "AMQP fanout exchange, as per the AMQP specification"),
    ("headers", "AMQP headers exchange, as per the AMQP specification"),
    ("topic", "AMQP topic exchange, as per the AMQP specification"),
    ("x-consistent-hash", "Consistent Hashing Exchange"),
    ("x-delayed-message", "Delayed Message Exchange"),
    ("x-local-random", "Picks one local queue at random"),
    ("x-modulus-hash", "Modulus Hashing Exchange"),
    ("x-random", "Picks one queue at random"),
];

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/overview", get(overview)).route("/whoami", get(whoami))
}

async fn whoami(caller: Caller) -> Result<Json<Value>, Refusal> {
    let account = caller.state.user(&caller.name)?;
    Ok(Json(json!({ "name": caller.name, "tags": account.tags })))
}

pub(super) fn exchange_types() -> Value {
    EXCHANGE_TYPES
        .iter()
        .map(|(name, text)| json!({ "name": name, "description": text, "enabled": true }))
        .collect()
}

/// What is in the virtual hosts that the caller sees.
#[derive(Default)]
struct Sums {
    ready: u64,
    unacked: u64,
    queues: usize,
    exchanges: usize,
    consumers: u64,
}

impl Sums {
    async fn of(caller: &Caller, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let mut sums = Self::default();
        for name in caller.state.virtual_hosts.keys().filter(|name| caller.sees(name)) {
            sums.add(shared, name).await?;
        }
        Ok(sums)
    }

    async fn add(&mut self, shared: &Arc<Shared>, name: &str) -> Result<(), Refusal> {
        for page in ask(shared, name, Listing::Queues).await? {
            let Page::Queues(page) = page else { continue };
            self.queues += page.len();
            self.ready += page.iter().map(|queue| queue.ready).sum::<u64>();
            self.unacked += page.iter().map(|queue| queue.unacked).sum::<u64>();
            self.consumers += page.iter().map(|queue| queue.consumers).sum::<u64>();
        }
        for page in ask(shared, name, Listing::Exchanges).await? {
            let Page::Exchanges(page) = page else { continue };
            self.exchanges += page.len();
        }
        Ok(())
    }
}

async fn overview(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    query: Query,
) -> Result<Json<Value>, Refusal> {
    let sums = Sums::of(&caller, &shared).await?;
    let (message_stats, length_rates) = totals::overall(&caller, &shared, &query).await;
    let present = shared.presence.all();
    let present = present.iter().filter(|present| caller.monitors() || present.user == caller.name);
    let channels = present.clone().map(|present| present.channels.load(Ordering::Relaxed));
    let channels: u64 = channels.map(u64::from).sum();
    let (ready, unacked) = (sums.ready, sums.unacked);
    let mut queue_totals = json!({
        "messages": ready + unacked, "messages_ready": ready, "messages_unacknowledged": unacked,
    });
    put(&mut queue_totals, length_rates);
    let scrubbed = *shared.scrubbed.borrow();
    let name = caller.state.cluster_name().unwrap_or(NODE);
    let mut overview = json!({
        "scrub": {
            "state": scrubbed.state.as_str(), "files": scrubbed.files, "bytes": scrubbed.bytes,
            "damaged": scrubbed.damaged,
        },
        "cluster_name": name, "node": NODE, "cluster_tags": {}, "node_tags": {},
        "queue_totals": queue_totals,
        "object_totals": {
            "connections": present.count(), "channels": channels, "queues": sums.queues,
            "exchanges": sums.exchanges, "consumers": sums.consumers,
        },
        "message_stats": message_stats,
        "churn_rates": totals::churn(&caller, &shared, &query).await,
        "listeners": listeners(&shared), "contexts": contexts(&shared),
        "exchange_types": exchange_types(),
    });
    put(&mut overview, versions());
    Ok(one(&query, overview))
}

fn versions() -> Value {
    json!({
        "product_name": product::NAME, "product_version": product::VERSION,
        "rabbitmq_version": product::RABBITMQ_VERSION,
        "management_version": product::RABBITMQ_VERSION,
        "erlang_version": "", "erlang_full_version": "", "rates_mode": "basic",
        "disable_stats": false, "enable_queue_totals": false, "default_queue_type": "classic",
        "is_op_policy_updating_enabled": true, "release_series_support_status": "supported",
        "statistics_db_event_queue": 0, "sample_retention_policies": {
            "global": [], "basic": [], "detailed": [],
        },
    })
}

fn listeners(shared: &Shared) -> Value {
    let shown = shared.bound().iter().map(|bound| {
        json!({
            "node": NODE, "protocol": bound.protocol.name(), "tls": bound.protocol.is_tls(),
            "ip_address": bound.address.ip().to_string(), "port": bound.address.port(),
            "socket_opts": {},
        })
    });
    shown.collect()
}

pub(super) fn contexts(shared: &Shared) -> Value {
    let http = shared.bound().iter().filter(|bound| bound.protocol.is_called("http"));
    http.map(|bound| {
        json!({
            "node": NODE, "description": "RabbitMQ Management", "path": "/",
            "ip": bound.address.ip().to_string(), "port": bound.address.port().to_string(),
        })
    })
    .collect()
}
