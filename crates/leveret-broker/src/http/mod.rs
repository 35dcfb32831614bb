//! The HTTP admin API, in the paths and shapes of `RabbitMQ`'s management plug-in.
//!
//! Every request logs in; what it does goes through the same registry and the same engines, with
//! the same permissions, as everything else.

mod backup;
mod connections;
mod fields;
mod hosts;
mod listing;
mod login;
mod overview;
mod policies;
mod refusal;
mod server;
mod topology;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

pub use self::server::HttpLimits;
use self::{refusal::Refusal, server::Terms};
use crate::shared::Shared;

/// Answers requests until the broker stops.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let limits = shared.limits();
    let terms = Terms { limits: limits.http, close_timeout: limits.close_timeout };
    let lifecycle = shared.lifecycle.clone();
    let router = router(shared, terms.limits.body_bytes_max);
    server::serve(listener, router, terms, lifecycle).await;
}

fn router(shared: Arc<Shared>, body_bytes_max: usize) -> Router {
    let api = Router::new()
        .merge(overview::routes())
        .merge(users::routes())
        .merge(hosts::routes())
        .merge(policies::routes())
        .merge(topology::routes())
        .merge(connections::routes())
        .merge(backup::routes())
        .fallback(missing)
        .method_not_allowed_fallback(wrong_method);
    Router::new()
        .nest("/api", api)
        .fallback(missing)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(axum::middleware::map_response(uncached))
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
