//! `/livez`, `/healthz` and `/readyz`: for supervisors, which cannot log in.
//!
//! They tell that something is wrong, and of what kind it is; nothing else.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::shared::Shared;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/livez", get(live))
        .route("/healthz", get(live))
        .route("/readyz", get(ready))
}

/// That it answers is the answer: no disk and no queue is asked, for a restart would not help them.
async fn live() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// Whether clients can be sent here.
async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let failing = shared.failing();
    if failing.is_empty() {
        return Json(json!({ "status": "ok" })).into_response();
    }
    let body = json!({ "status": "failed", "failing": failing });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}
