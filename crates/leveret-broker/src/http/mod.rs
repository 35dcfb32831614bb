//! The HTTP admin API, in the paths and shapes of `RabbitMQ`'s management plug-in.
//!
//! Every request logs in; what it does goes through the same registry and the same engines, with
//! the same permissions, as everything else.

mod backup;
mod bindings;
mod channels;
mod connections;
mod exchanges;
mod fields;
mod guard;
mod hosts;
mod listing;
mod login;
mod messages;
mod overview;
mod policies;
mod queues;
mod refusal;
mod scene;
mod server;
mod stats;
mod topology;
mod totals;
mod users;

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
use crate::{sampler::look_on, shared::Shared};

/// Answers requests until the broker stops.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let limits = shared.limits();
    let terms = Terms { limits: limits.http, close_timeout: limits.close_timeout };
    let lifecycle = shared.lifecycle.clone();
    let is_loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let reach = if is_loopback { Reach::Loopback } else { Reach::Network };
    let router = router(Arc::clone(&shared), terms.limits.body_bytes_max, reach);
    tokio::select! {
        () = server::serve(listener, router, terms, lifecycle) => {}
        () = look_on(&shared) => {}
    }
}

fn router(shared: Arc<Shared>, body_bytes_max: usize, reach: Reach) -> Router {
    let api = Router::new()
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
        .fallback(missing)
        .method_not_allowed_fallback(wrong_method);
    Router::new()
        .nest("/api", api)
        .fallback(missing)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(middleware::from_fn_with_state(reach, guard::check))
        .layer(middleware::map_response(uncached))
        .with_state(shared)
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
