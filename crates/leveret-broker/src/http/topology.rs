//! Queues, exchanges and bindings as they are listed and found; what all three share.
//!
//! What changes them is done as a connection of the caller's would do it (`errand`), so that the
//! engine's own checks and permissions hold.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use leveret_engine::{Listing, Page, Sought};
use leveret_protocol::{Method, ShortStr};
use serde_json::Value;

use super::{
    bindings::{binding_shown, implied},
    exchanges::{default_exchange, exchange_shown},
    listing::{Detail, Query, answer, ask},
    login::Caller,
    queues::queue_shown,
    refusal::Refusal,
    stats::Rates,
};
use crate::{errand::run_errand, registry::Rules, samples::HostSamples, shared::Shared};

pub(super) type Shares = State<Arc<Shared>>;
pub(super) type Answer<T> = Result<T, Refusal>;
pub(super) type InHost = Path<(String, String)>;

/// Things found by one look; bindings of one queue or exchange beyond it are not shown.
const FOUND_MAX: usize = 100_000;

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

/// What the things of one virtual host are shown with.
pub(super) struct Scene {
    pub(super) host: String,
    pub(super) rules: Rules,
    pub(super) samples: Arc<HostSamples>,
    pub(super) rates: Rates,
    pub(super) detail: Detail,
    pub(super) shared: Arc<Shared>,
}

impl Scene {
    pub(super) fn of(
        caller: &Caller,
        shared: &Arc<Shared>,
        host: &str,
        query: &Query,
    ) -> Answer<Self> {
        let samples = shared.samples.host(host);
        Ok(Self {
            host: host.to_owned(),
            rules: Rules::of(caller.state.virtual_host(host)?),
            rates: Rates::of(query, samples.span),
            detail: Detail::of(query),
            samples,
            shared: Arc::clone(shared),
        })
    }
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

/// What is found by name in a virtual host that the caller may look into.
pub(super) async fn seek(
    caller: &Caller,
    shared: &Arc<Shared>,
    host: &str,
    sought: Sought,
) -> Answer<Page> {
    caller.looks_into(host)?;
    let missing = || Refusal::not_found(format!("virtual host `{host}` does not exist"));
    let ingress = shared.hosts.ingress(&ShortStr::truncated(host)).ok_or_else(missing)?;
    ingress.seek(sought, FOUND_MAX).await.ok_or_else(missing)
}

/// A name as AMQP has it.
pub(super) fn short(what: &str, name: &str) -> Answer<ShortStr> {
    ShortStr::try_from(name).map_err(|error| {
        let bytes = error.bytes;
        Refusal::bad_request(format!("{what} should be less than 255 bytes, actually was {bytes}"))
    })
}

/// The exchange that a segment of a path names: the default one has no name, and one in paths.
pub(super) fn exchange_name(segment: &str) -> Answer<ShortStr> {
    if segment == "amq.default" { Ok(ShortStr::EMPTY) } else { short("exchange", segment) }
}

/// Runs an errand of the caller's, who has to be let into the virtual host.
pub(super) async fn run(
    caller: &Caller,
    shared: &Shared,
    host: &str,
    method: Method,
) -> Answer<Method> {
    caller.looks_into(host)?;
    Ok(run_errand(shared, &short("vhost", host)?, &caller.name, method).await?)
}

/// 201 for what was not there before.
pub(super) const fn made(was_there: bool) -> StatusCode {
    if was_there { StatusCode::NO_CONTENT } else { StatusCode::CREATED }
}

/// What a deletion is bound to, as the query says.
pub(super) fn condition(query: &Query, name: &str) -> bool {
    query.0.get(name).is_some_and(|value| value == "true")
}
