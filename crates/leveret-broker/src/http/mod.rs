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
mod topology;
mod users;

use std::{future::IntoFuture, io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

use self::refusal::Refusal;
use crate::shared::Shared;

/// Bytes of a request's body; a larger one is answered with 413.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Answers requests until the broker stops.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut watch = shared.lifecycle.watch();
    let service = router(shared).into_make_service_with_connect_info::<SocketAddr>();
    let answering = axum::serve(listener, service);
    let ended: io::Result<()> = tokio::select! {
        ended = answering.into_future() => ended,
        _ = watch.ended() => Ok(()),
    };
    if let Err(error) = ended {
        tracing::error!(%error, "the admin api ended");
    }
}

fn router(shared: Arc<Shared>) -> Router {
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
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
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
