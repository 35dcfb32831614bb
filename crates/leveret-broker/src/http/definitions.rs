//! `/api/definitions`: everything that was declared and decided, out and in.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    routing::get,
};
use serde_json::Value;

use super::{login::Caller, multipart, refusal::Refusal};
use crate::{
    definitions::{self, Definitions},
    registry::AdminError,
    shared::Shared,
};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;

/// The field of a form that has the file.
const FIELD: &str = "file";

pub(super) fn routes(body_bytes_max: usize) -> Router<Arc<Shared>> {
    Router::new()
        .route("/definitions", get(export_all).post(import_all))
        .route("/definitions/{vhost}", get(export).post(import))
        .layer(DefaultBodyLimit::max(body_bytes_max))
}

async fn export_all(caller: Caller, State(shared): Shares) -> Answer<Json<Value>> {
    caller.administers()?;
    Ok(Json(definitions::export(&shared, None).await?))
}

async fn export(
    caller: Caller,
    State(shared): Shares,
    Path(host): Path<String>,
) -> Answer<Json<Value>> {
    caller.administers()?;
    Ok(Json(definitions::export(&shared, Some(&host)).await?))
}

async fn import_all(
    caller: Caller,
    State(shared): Shares,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    take(shared, None, &headers, body).await
}

async fn import(
    caller: Caller,
    State(shared): Shares,
    Path(host): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    caller.state.virtual_host(&host)?;
    take(shared, Some(host), &headers, body).await
}

async fn take(
    shared: Arc<Shared>,
    host: Option<String>,
    headers: &HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let file = match kind.and_then(multipart::boundary) {
        Some(boundary) => multipart::field(&body, &boundary, FIELD).ok_or_else(|| {
            Refusal::bad_request(format!("the form has no field `{FIELD}` with definitions"))
        })?,
        None => body,
    };
    // Passwords that stand there as they are get hashed.
    let read = move || Definitions::read(&file, host.as_deref());
    let read = tokio::task::spawn_blocking(read).await.map_err(|_| AdminError::Stopping)?;
    definitions::import(&shared, read?).await?;
    Ok(StatusCode::NO_CONTENT)
}
