//! `/api/backup`: a copy of the data directory, on the broker's machine.

use std::{path::PathBuf, sync::Arc};

use axum::{Json, Router, body::Bytes, extract::State, routing::post};
use serde_json::{Value, json};

use super::{
    fields::{number, object, text},
    login::Caller,
    refusal::Refusal,
};
use crate::{
    backup::{self, Backup},
    shared::Shared,
};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/backup", post(make))
}

async fn make(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    caller.administers()?;
    let body = object(&body)?;
    let path = PathBuf::from(text(&body, "path")?);
    let rate = number(&body, "bytes_per_sec", backup::RATE_DEFAULT)?;
    let Backup { path, segments, pages, bytes } = backup::run(&shared, &path, rate).await?;
    Ok(Json(json!({ "path": path, "segments": segments, "pages": pages, "bytes": bytes })))
}
