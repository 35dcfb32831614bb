//! Queues, exchanges and bindings as they are listed.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use leveret_engine::{Listing, Page};
use serde_json::Value;

use super::{
    bindings::{binding_shown, implied},
    exchanges::{default_exchange, exchange_shown},
    listing::{Query, answer, ask},
    login::Caller,
    queues::queue_shown,
    scene::{Answer, Scene, Shares},
};
use crate::shared::Shared;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .merge(listed("/queues", Listing::Queues))
        .merge(listed("/exchanges", Listing::Exchanges))
        .merge(listed("/bindings", Listing::Bindings))
        .route(
            "/queues/detailed",
            get(|caller: Caller, shared: Shares, query: Query| {
                list(caller, shared, query, Listing::Queues)
            }),
        )
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
        found.extend(items(&caller, &Scene::of(&caller, &shared, host, &query)?, listing).await?);
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
    let scene = Scene::of(&caller, &shared, &host, &query)?;
    answer(query, items(&caller, &scene, listing).await?)
}

async fn items(caller: &Caller, scene: &Scene, listing: Listing) -> Answer<Vec<Value>> {
    let Scene { host, shared, .. } = scene;
    let mut found = Vec::new();
    if listing == Listing::Exchanges {
        let default = default_exchange(caller, shared, host).await?;
        found.push(exchange_shown(scene, &default));
    }
    if listing == Listing::Bindings {
        for page in ask(shared, host, Listing::Queues).await? {
            let Page::Queues(page) = page else { continue };
            found.extend(page.iter().map(|queue| implied(host, &queue.name)));
        }
    }
    for page in ask(shared, host, listing).await? {
        match page {
            Page::Queues(page) => {
                found.extend(page.iter().map(|queue| queue_shown(scene, queue)));
            }
            Page::Exchanges(page) => {
                found.extend(page.iter().map(|exchange| exchange_shown(scene, exchange)));
            }
            Page::Bindings(page) => {
                found.extend(page.iter().map(|binding| binding_shown(host, binding)));
            }
            Page::Consumers(_) | Page::Channels(_) | Page::Totals(_) => {}
        }
    }
    Ok(found)
}
