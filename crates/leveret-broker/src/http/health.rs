//! Health checks, in `RabbitMQ`'s shapes and for who may log in.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use leveret_protocol::{Method, ShortStr, queue};
use serde_json::{Value, json};

use super::{login::Caller, refusal::Refusal};
use crate::{errand::run_errand, product, shared::Shared};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;

/// The queue by which a virtual host is tried.
const ALIVENESS: &str = "aliveness-test";

pub(super) fn routes() -> Router<Arc<Shared>> {
    let checks = Router::new()
        .route("/alarms", get(alarms))
        .route("/local-alarms", get(alarms))
        .route("/is-in-service", get(in_service))
        .route("/ready-to-serve-clients", get(in_service))
        .route("/below-node-connection-limit", get(connections))
        .route("/virtual-hosts", get(hosts))
        .route("/node-is-quorum-critical", get(single))
        .route("/node-is-mirror-sync-critical", get(single))
        .route("/metadata-store/initialized", get(fine))
        .route("/metadata-store/initialized/with-data", get(fine))
        .route("/port-listener/{port}", get(port))
        .route("/protocol-listener/{protocols}", get(protocol))
        .route("/certificate-expiration/{within}/{unit}", get(certificates));
    Router::new()
        .nest("/health/checks", checks)
        .route("/healthchecks/node", get(alarms))
        .route("/aliveness-test/{vhost}", get(aliveness))
}

/// 200, or 503 with a reason and what belongs to it.
fn verdict(problem: Option<String>, beside: Value) -> Response {
    let (status, mut fields) = match problem {
        None => (StatusCode::OK, json!({ "status": "ok" })),
        Some(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "failed", "reason": reason }))
        }
    };
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, beside) {
        fields.extend(more);
    }
    (status, Json(fields)).into_response()
}

async fn fine(_caller: Caller) -> Response {
    verdict(None, json!({}))
}

/// There is nobody whose majority could be lost.
async fn single(_caller: Caller) -> Response {
    verdict(None, json!({ "reason": "single node cluster" }))
}

async fn alarms(_caller: Caller, State(shared): Shares) -> Response {
    let alarms = *shared.alarms.borrow();
    let on = [("memory", alarms.memory), ("disk", alarms.disk)];
    let on = on.iter().filter(|(_, is_on)| *is_on);
    let listed: Vec<Value> =
        on.map(|(resource, _)| json!({ "node": product::NODE, "resource": resource })).collect();
    if listed.is_empty() {
        return verdict(None, json!({}));
    }
    verdict(Some(alarms.to_string()), json!({ "alarms": listed }))
}

async fn in_service(_caller: Caller, State(shared): Shares) -> Response {
    let failing = shared.failing();
    let reason = (!failing.is_empty()).then(|| failing.join(", "));
    verdict(reason, json!({}))
}

async fn connections(_caller: Caller, State(shared): Shares) -> Response {
    let (now, max) = (shared.admission.connections(), shared.limits().connections_max);
    let reason = (now >= max).then(|| "the limit of connections is reached".to_owned());
    verdict(reason, json!({ "current": now, "limit": max }))
}

async fn hosts(caller: Caller, State(shared): Shares) -> Response {
    let down = caller
        .state
        .virtual_hosts
        .keys()
        .filter(|name| shared.hosts.ingress(&ShortStr::truncated(name)).is_none());
    let down: Vec<&String> = down.collect();
    let reason = (!down.is_empty()).then(|| "some virtual hosts are down".to_owned());
    verdict(reason, if down.is_empty() { json!({}) } else { json!({ "virtual-hosts": down }) })
}

async fn port(
    _caller: Caller,
    State(shared): Shares,
    Path(port): Path<String>,
) -> Answer<Response> {
    let port: u16 =
        port.parse().map_err(|_| Refusal::bad_request(format!("`{port}` is no port")))?;
    let ports: Vec<u16> = shared.bound().iter().map(|bound| bound.address.port()).collect();
    if ports.contains(&port) {
        return Ok(verdict(None, json!({ "port": port })));
    }
    let reason = Some("No active listener".to_owned());
    Ok(verdict(reason, json!({ "missing": port, "ports": ports })))
}

async fn protocol(
    _caller: Caller,
    State(shared): Shares,
    Path(protocols): Path<String>,
) -> Response {
    let bound = shared.bound();
    let is_spoken =
        |name: &str| bound.iter().any(|bound| bound.protocol.is_called(&name.to_ascii_lowercase()));
    let missing: Vec<&str> =
        protocols.split(',').map(str::trim).filter(|name| !is_spoken(name)).collect();
    if missing.is_empty() {
        return verdict(None, json!({ "protocol": protocols }));
    }
    let known: Vec<&str> = bound.iter().map(|bound| bound.protocol.name()).collect();
    let reason = Some("No active listener".to_owned());
    verdict(reason, json!({ "missing": missing, "protocols": known }))
}

async fn certificates(
    _caller: Caller,
    State(shared): Shares,
    Path((within, unit)): Path<(u32, String)>,
) -> Answer<Response> {
    let days = match unit.as_str() {
        "days" => 1,
        "weeks" => 7,
        "months" => 30,
        "years" => 365,
        other => {
            let text = format!("`{other}` is no unit, wanted days, weeks, months or years");
            return Err(Refusal::bad_request(text));
        }
    };
    let Some(expires_at) = shared.certificate_expires_at() else {
        return Ok(verdict(None, json!({})));
    };
    let by = i64::try_from(shared.clock.now().as_millis() / 1_000).unwrap_or(i64::MAX);
    let by = by.saturating_add(i64::from(within) * days * 86_400);
    let reason = (expires_at <= by).then(|| "Certificates expiring".to_owned());
    let listed =
        json!({ "expired": [{ "node": product::NODE, "certfile_expires_on": expires_at }] });
    Ok(verdict(reason, if expires_at <= by { listed } else { json!({}) }))
}

/// The engine declares a queue and has it on the disk.
async fn aliveness(
    caller: Caller,
    State(shared): Shares,
    Path(host): Path<String>,
) -> Answer<Response> {
    caller.looks_into(&host)?;
    let queue = ShortStr::from_static(ALIVENESS);
    let declare = queue::Declare { queue, durable: true, ..queue::Declare::default() };
    let method = Method::QueueDeclare(declare);
    run_errand(&shared, &ShortStr::truncated(&host), &caller.name, method).await?;
    Ok(verdict(None, json!({})))
}
