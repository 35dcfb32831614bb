//! Control over HTTP: `/control/handlers`, and the monitoring pages beside it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tracing::warn;

use super::{Control, ControlError, HandlerStatus, Pause};
use crate::phase::Phase;

/// Bytes of a request's body.
const BODY_BYTES_MAX: usize = 8 << 10;

/// How long a drain is waited for: unless told otherwise, and at most.
const DRAIN_SECS: (u64, u64) = (30, 600);

/// Between two looks at how fast handlers are.
const LOOK: Duration = Duration::from_secs(5);

/// Whoever gives no name.
const NOBODY: &str = "unnamed";

type Answer = Result<Json<HandlerStatus>, Refused>;

/// What an act may say; each act reads its part.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    owner: Option<String>,
    reason: Option<String>,
    expires_secs: Option<u64>,
    concurrency: Option<usize>,
    wait_secs: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Handlers {
    handlers: Vec<HandlerStatus>,
}

/// An act that was not done.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    reason: String,
}

/// Serves until everything stops.
pub(super) async fn serve(listener: TcpListener, token: Option<String>, control: Control) {
    let mut phase = control.0.monitor.listen();
    let router = router(control.clone(), token);
    let looking = async {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            looks.tick().await;
            control.handlers();
        }
    };
    tokio::select! {
        () = phase.reached(Phase::Stopped) => {}
        () = looking => {}
        ended = axum::serve(listener, router).into_future() => {
            if let Err(error) = ended {
                warn!(%error, "control is no longer served");
            }
        }
    }
}

fn router(control: Control, token: Option<String>) -> Router {
    let pages = control.0.monitor.router();
    let guard = from_fn_with_state(Arc::new(token), guarded);
    Router::new()
        .route("/control/handlers", get(list))
        .route("/control/handlers/{name}", get(one))
        .route("/control/handlers/{name}/pause", post(pause))
        .route("/control/handlers/{name}/resume", post(resume))
        .route("/control/handlers/{name}/concurrency", post(concurrency))
        .route("/control/handlers/{name}/drain", post(drain))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(guard)
        .with_state(control)
        .merge(pages)
}

/// Lets through who has the token, and no page of another site.
async fn guarded(
    State(token): State<Arc<Option<String>>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    if let Some(token) = token.as_deref()
        && !bears(headers, token)
    {
        let reason = "a bearer token is needed".to_owned();
        return Refused { status: StatusCode::UNAUTHORIZED, reason }.into_response();
    }
    if request.method() != Method::GET
        && let Some(origin) = headers.get(header::ORIGIN)
        && !is_own(origin.as_bytes(), headers)
    {
        let reason = "a page of another site may not do this".to_owned();
        return Refused { status: StatusCode::FORBIDDEN, reason }.into_response();
    }
    next.run(request).await
}

/// Compares all bytes, whichever differs first.
fn bears(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(given) = given.and_then(|value| value.strip_prefix("Bearer ")) else { return false };
    let differing = given.bytes().zip(token.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == token.len() && differing == 0
}

/// Whether the origin is this server by its number, or as `localhost`: a name can be made to lead here.
fn is_own(origin: &[u8], headers: &HeaderMap) -> bool {
    let Some(origin) = str::from_utf8(origin).ok().and_then(|text| text.parse::<Uri>().ok()) else {
        return false;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_same = origin.authority().is_some_and(|authority| Some(authority.as_str()) == host);
    let name = origin.host().unwrap_or_default().trim_matches(['[', ']']);
    is_same && (name == "localhost" || name.parse::<IpAddr>().is_ok())
}

async fn list(State(control): State<Control>) -> Json<Handlers> {
    Json(Handlers { handlers: control.handlers() })
}

async fn one(State(control): State<Control>, Path(name): Path<String>) -> Answer {
    Ok(Json(control.handler(&name)?))
}

async fn pause(
    State(control): State<Control>,
    Path(name): Path<String>,
    act: Result<Json<Act>, JsonRejection>,
) -> Answer {
    Ok(Json(control.pause(&name, act?.0.pause())?))
}

async fn resume(
    State(control): State<Control>,
    Path(name): Path<String>,
    act: Result<Json<Act>, JsonRejection>,
) -> Answer {
    Ok(Json(control.resume(&name, act?.0.owner())?))
}

async fn concurrency(
    State(control): State<Control>,
    Path(name): Path<String>,
    act: Result<Json<Act>, JsonRejection>,
) -> Answer {
    let Json(act) = act?;
    let workers = act.concurrency.ok_or_else(|| Refused {
        status: StatusCode::BAD_REQUEST,
        reason: "`concurrency` is missing".to_owned(),
    })?;
    Ok(Json(control.set_concurrency(&name, workers, act.owner())?))
}

/// 200 once nothing is in hand, 202 if that takes longer than was to be waited.
async fn drain(
    State(control): State<Control>,
    Path(name): Path<String>,
    act: Result<Json<Act>, JsonRejection>,
) -> Result<(StatusCode, Json<HandlerStatus>), Refused> {
    let Json(act) = act?;
    let wait = Duration::from_secs(act.wait_secs.unwrap_or(DRAIN_SECS.0).min(DRAIN_SECS.1));
    match timeout(wait, control.drain(&name, act.pause())).await {
        Ok(drained) => Ok((StatusCode::OK, Json(drained?))),
        Err(_) => Ok((StatusCode::ACCEPTED, Json(control.handler(&name)?))),
    }
}

impl Act {
    fn owner(&self) -> &str {
        self.owner.as_deref().unwrap_or(NOBODY)
    }

    fn pause(&self) -> Pause {
        let pause = Pause::by(self.owner()).because(self.reason.as_deref().unwrap_or_default());
        match self.expires_secs {
            Some(secs) => pause.ends_after(Duration::from_secs(secs)),
            None => pause,
        }
    }
}

impl From<ControlError> for Refused {
    fn from(error: ControlError) -> Self {
        let status = match &error {
            ControlError::UnknownHandler { .. } => StatusCode::NOT_FOUND,
            ControlError::OutOfRange { .. } => StatusCode::BAD_REQUEST,
        };
        Self { status, reason: error.to_string() }
    }
}

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        Self { status: rejection.status(), reason: rejection.body_text() }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = self.status.canonical_reason().unwrap_or_default().to_lowercase();
        (self.status, Json(json!({ "error": error, "reason": self.reason }))).into_response()
    }
}
