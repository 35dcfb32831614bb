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
    totals::overall,
};
use crate::shared::Shared;

/// The node's name, as tools show it.
pub(super) const NODE: &str = "leveret@localhost";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/overview", get(overview)).route("/whoami", get(whoami))
}

async fn whoami(caller: Caller) -> Result<Json<Value>, Refusal> {
    let account = caller.state.user(&caller.name)?;
    Ok(Json(json!({ "name": caller.name, "tags": account.tags })))
}

async fn overview(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    query: Query,
) -> Result<Json<Value>, Refusal> {
    let (mut ready, mut unacked, mut queues, mut exchanges, mut consumers) = (0, 0, 0, 0, 0);
    for name in caller.state.virtual_hosts.keys().filter(|name| caller.sees(name)) {
        for page in ask(&shared, name, Listing::Queues).await? {
            let Page::Queues(page) = page else { continue };
            queues += page.len();
            ready += page.iter().map(|queue| queue.ready).sum::<u64>();
            unacked += page.iter().map(|queue| queue.unacked).sum::<u64>();
            consumers += page.iter().map(|queue| queue.consumers).sum::<u64>();
        }
        for page in ask(&shared, name, Listing::Exchanges).await? {
            let Page::Exchanges(page) = page else { continue };
            exchanges += page.len();
        }
    }
    let present = shared.presence.all();
    let present = present.iter().filter(|present| caller.monitors() || present.user == caller.name);
    let channels = present.clone().map(|present| present.channels.load(Ordering::Relaxed));
    let channels: u64 = channels.map(u64::from).sum();
    let scrubbed = *shared.scrubbed.borrow();
    let (message_stats, growth) = overall(&caller, &shared, &query).await;
    let mut queue_totals = json!({
        "messages": ready + unacked, "messages_ready": ready, "messages_unacknowledged": unacked,
    });
    put(&mut queue_totals, growth);
    Ok(one(
        &query,
        json!({
            "scrub": {
                "state": scrubbed.state.as_str(), "files": scrubbed.files, "bytes": scrubbed.bytes,
                "damaged": scrubbed.damaged,
            },
            "product_name": "Leveret", "product_version": env!("CARGO_PKG_VERSION"),
            "rabbitmq_version": "3.13.7", "management_version": "3.13.7",
            "erlang_version": "", "erlang_full_version": "", "rates_mode": "basic",
            "cluster_name": NODE, "node": NODE, "disable_stats": false, "enable_queue_totals": true,
            "queue_totals": queue_totals,
            "object_totals": {
                "connections": present.count(), "channels": channels, "queues": queues,
                "exchanges": exchanges, "consumers": consumers,
            },
            "message_stats": message_stats, "churn_rates": {}, "listeners": [], "contexts": [],
            "exchange_types": [],
        }),
    ))
}
