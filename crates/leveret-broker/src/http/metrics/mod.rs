//! `/metrics`: what Prometheus reads, in `RabbitMQ`'s names and ours.
//!
//! One scrape is made at a time: who asks without a login makes the broker do no more than that.
//! Keeps true: what is called a counter never goes down while the broker runs.

mod exposition;
mod families;
mod gathering;
mod objects;
mod presence;
mod process;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use self::{exposition::Exposition, gathering::Gathering};
use super::{listing::Query, login::Caller, refusal::Refusal};
use crate::shared::Shared;

type Shares = State<Arc<Shared>>;

/// The text format that all versions of Prometheus read.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/metrics", get(aggregated))
        .route("/metrics/per-object", get(per_object))
        .route("/metrics/detailed", get(detailed))
}

/// Where a login is wanted, it is one that may see everything.
async fn check(shared: &Arc<Shared>, request: Request) -> Result<(), Refusal> {
    if shared.config().metrics_login {
        let (mut parts, _) = request.into_parts();
        Caller::from_request_parts(&mut parts, shared).await?.monitors_or_refuses()?;
    }
    Ok(())
}

fn text(exposition: Exposition) -> Response {
    ([(header::CONTENT_TYPE, FORMAT)], exposition.into_text()).into_response()
}

async fn aggregated(State(shared): Shares, request: Request) -> Result<Response, Refusal> {
    check(&shared, request).await?;
    let _turn = shared.scrape.lock().await;
    let gathering = Gathering::of(&shared).await;
    let mut exposition = Exposition::default();
    families::of_broker(&mut exposition, &shared, &gathering);
    families::of_queues(&mut exposition, &gathering);
    Ok(text(exposition))
}

async fn per_object(State(shared): Shares, request: Request) -> Result<Response, Refusal> {
    check(&shared, request).await?;
    let _turn = shared.scrape.lock().await;
    let gathering = Gathering::of(&shared).await;
    let mut exposition = Exposition::default();
    families::of_broker(&mut exposition, &shared, &gathering);
    objects::every_queue(&mut exposition, &gathering, "rabbitmq", objects::Families::all());
    Ok(text(exposition))
}

/// The families that the query names, for the virtual hosts that it names.
async fn detailed(
    State(shared): Shares,
    query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let asked = request.uri().query().unwrap_or_default().to_owned();
    check(&shared, request).await?;
    drop(query);
    let named = |key: &str| -> Vec<String> {
        let pairs = asked.split('&').filter_map(|pair| pair.split_once('='));
        let values = pairs.filter(|(name, _)| *name == key).map(|(_, value)| value);
        let decoded = values.map(|value| {
            percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned()
        });
        decoded.collect()
    };
    let (families, hosts) = (named("family"), named("vhost"));
    let _turn = shared.scrape.lock().await;
    let mut gathering = Gathering::of(&shared).await;
    if !hosts.is_empty() {
        gathering.hosts.retain(|host| hosts.contains(&host.name));
    }
    let mut exposition = Exposition::default();
    families::of_identity(&mut exposition, &shared);
    let families = objects::Families::named(&families);
    objects::every_queue(&mut exposition, &gathering, "rabbitmq_detailed", families);
    Ok(text(exposition))
}
