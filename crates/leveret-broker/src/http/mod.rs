//! The HTTP admin API, in the paths and shapes of `RabbitMQ`'s management plug-in.
//!
//! Every request logs in; what it does goes through the same registry and the same engines, with
//! the same permissions, as everything else.

mod audit;
mod backup;
mod bindings;
mod channels;
mod connections;
mod definitions;
mod document;
mod exchanges;
mod features;
mod fields;
mod guard;
mod health;
mod hosts;
mod listing;
mod login;
mod messages;
mod metrics;
mod multipart;
mod nodes;
mod overview;
mod page;
mod parameters;
mod policies;
mod probes;
mod queues;
mod refusal;
mod scene;
mod server;
mod stats;
mod topology;
mod totals;
mod users;

#[cfg(test)]
mod rights;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    middleware,
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

pub use self::server::HttpLimits;
use self::{guard::Reach, refusal::Refusal, server::Terms};
use crate::{sampler::look_on, shared::Shared, tls::TlsKeeper};

/// Answers requests until the broker stops.
pub(crate) async fn serve(listener: TcpListener, tls: Option<Arc<TlsKeeper>>, shared: Arc<Shared>) {
    let limits = shared.limits();
    let terms = Terms { limits: limits.http, close_timeout: limits.close_timeout, tls };
    let lifecycle = shared.lifecycle.clone();
    let is_loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let reach = if is_loopback { Reach::Loopback } else { Reach::Network };
    let router = router(Arc::clone(&shared), &terms.limits, reach);
    let others_left = shared.admission.all_left();
    tokio::select! {
        () = server::serve(listener, router, terms, (lifecycle, others_left)) => {}
        () = look_on(&shared) => {}
    }
}

fn router(shared: Arc<Shared>, limits: &HttpLimits, reach: Reach) -> Router {
    let api = api(limits).fallback(missing).method_not_allowed_fallback(wrong_method);
    Router::new()
        .nest("/api", api)
        .merge(beside())
        .fallback(missing)
        .layer(DefaultBodyLimit::max(limits.body_bytes_max))
        .layer(middleware::from_fn_with_state(reach, guard::check))
        .layer(middleware::from_fn(audit::note))
        .layer(middleware::map_response(uncached))
        .with_state(shared)
}

/// All that is below `/api`.
fn api(limits: &HttpLimits) -> Router<Arc<Shared>> {
    Router::new()
        .merge(overview::routes())
        .merge(users::routes())
        .merge(hosts::routes())
        .merge(policies::routes())
        .merge(topology::routes())
        .merge(queues::routes())
        .merge(exchanges::routes())
        .merge(bindings::routes())
        .merge(messages::routes())
        .merge(connections::routes())
        .merge(channels::routes())
        .merge(backup::routes())
        .merge(parameters::routes())
        .merge(features::routes())
        .merge(nodes::routes())
        .merge(health::routes())
        .merge(definitions::routes(limits.definitions_bytes_max))
}

/// All that is not.
fn beside() -> Router<Arc<Shared>> {
    Router::new().merge(probes::routes()).merge(metrics::routes()).merge(page::routes())
}

async fn missing() -> Refusal {
    Refusal::not_found("there is nothing at this path")
}

async fn wrong_method() -> Refusal {
    Refusal::wrong_method()
}

/// What an administrator sees is of now.
async fn uncached(response: Response) -> impl IntoResponse {
    let no_cache = [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (no_cache, response)
}
