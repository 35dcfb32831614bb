//! What requests about one virtual host share: what is seen there and done.
//!
//! What changes it is done as a connection of the caller's would do it (`errand`), so that the
//! engine's own checks and permissions hold.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use leveret_engine::{Page, Sought};
use leveret_protocol::{Method, ShortStr};

use super::{
    listing::{Detail, Query},
    login::Caller,
    refusal::Refusal,
    stats::Rates,
};
use crate::{errand::run_errand, registry::Rules, samples::HostSamples, shared::Shared};

pub(super) type Shares = State<Arc<Shared>>;
pub(super) type Answer<T> = Result<T, Refusal>;
pub(super) type InHost = Path<(String, String)>;

/// Things found by one look; bindings of one queue or exchange beyond it are not shown.
const FOUND_MAX: usize = 100_000;

/// What the things of one virtual host are shown with.
pub(super) struct Scene {
    pub(super) host: String,
    pub(super) rules: Rules,
    pub(super) samples: Arc<HostSamples>,
    pub(super) rates: Rates,
    pub(super) detail: Detail,
    pub(super) shared: Arc<Shared>,
}

impl Scene {
    pub(super) fn of(
        caller: &Caller,
        shared: &Arc<Shared>,
        host: &str,
        query: &Query,
    ) -> Answer<Self> {
        let samples = shared.samples.host(host);
        Ok(Self {
            host: host.to_owned(),
            rules: Rules::of(caller.state.virtual_host(host)?),
            rates: Rates::of(query, samples.span),
            detail: Detail::of(query),
            samples,
            shared: Arc::clone(shared),
        })
    }
}

/// What is found by name in a virtual host that the caller may look into.
pub(super) async fn seek(
    caller: &Caller,
    shared: &Arc<Shared>,
    host: &str,
    sought: Sought,
) -> Answer<Page> {
    caller.looks_into(host)?;
    let missing = || Refusal::not_found(format!("virtual host `{host}` does not exist"));
    let ingress = shared.hosts.ingress(&ShortStr::truncated(host)).ok_or_else(missing)?;
    ingress.seek(sought, FOUND_MAX).await.ok_or_else(missing)
}

/// A name as AMQP has it.
pub(super) fn short(what: &str, name: &str) -> Answer<ShortStr> {
    ShortStr::try_from(name).map_err(|error| {
        let bytes = error.bytes;
        Refusal::bad_request(format!("{what} should be less than 255 bytes, actually was {bytes}"))
    })
}

/// The exchange that a segment of a path names: the default one has no name, and one in paths.
pub(super) fn exchange_name(segment: &str) -> Answer<ShortStr> {
    if segment == "amq.default" { Ok(ShortStr::EMPTY) } else { short("exchange", segment) }
}

/// Runs an errand of the caller's, who has to be let into the virtual host.
pub(super) async fn run(
    caller: &Caller,
    shared: &Shared,
    host: &str,
    method: Method,
) -> Answer<Method> {
    caller.looks_into(host)?;
    Ok(run_errand(shared, &short("vhost", host)?, &caller.name, method).await?)
}

/// 201 for what was not there before.
pub(super) const fn made(was_there: bool) -> StatusCode {
    if was_there { StatusCode::NO_CONTENT } else { StatusCode::CREATED }
}

/// What a deletion is bound to, as the query says.
pub(super) fn condition(query: &Query, name: &str) -> bool {
    query.0.get(name).is_some_and(|value| value == "true")
}
