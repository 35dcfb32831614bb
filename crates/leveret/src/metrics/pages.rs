//! `/metrics`, `/healthz` and `/readyz`: a router, and a listener of their own.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tracing::warn;

use super::Monitor;
use crate::phase::Phase;

const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Monitor {
    /// The pages, to be mounted in a web application: they need no log-in and show names of
    /// handlers and queues.
    ///
    /// | page | says |
    /// |---|---|
    /// | `/metrics` | [`Monitor::metrics`] |
    /// | `/healthz` | 200 as long as the program answers; it asks nobody |
    /// | `/readyz` | 200 or 503 with the reasons, by [`Monitor::readiness`] |
    pub fn router(&self) -> Router {
        Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(|| async { "alive\n" }))
            .route("/readyz", get(readiness))
            .with_state(self.clone())
    }
}

/// Serves the pages until everything stops.
pub(super) async fn serve(listener: TcpListener, monitor: Monitor) {
    let mut phase = monitor.0.phase.clone();
    tokio::select! {
        () = phase.reached(Phase::Stopped) => {}
        ended = axum::serve(listener, monitor.router()).into_future() => {
            if let Err(error) = ended {
                warn!(%error, "metrics are no longer served");
            }
        }
    }
}

async fn metrics(State(monitor): State<Monitor>) -> impl IntoResponse {
    ([(CONTENT_TYPE, PROMETHEUS)], monitor.metrics())
}

async fn readiness(State(monitor): State<Monitor>) -> impl IntoResponse {
    let readiness = monitor.readiness().await;
    let status =
        if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, format!("{readiness}\n"))
}
