//! Requests that a browser sends on behalf of another site are refused.
//!
//! Two ways lead a page to an API on its reader's own machine: to send what needs no leave across
//! sites, and to make its own name resolve to 127.0.0.1. The first has an `Origin`, the second a
//! `Host`, that is not ours.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::refusal::Refusal;

/// Where requests come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// From this machine only: a name that is not this machine's is somebody's trick.
    Loopback,
    /// From elsewhere too, by whatever name.
    Network,
}

/// Lets a request pass, or says why not.
pub(super) async fn check(State(reach): State<Reach>, request: Request, next: Next) -> Response {
    let (method, headers) = (request.method(), request.headers());
    if reach == Reach::Loopback && !is_ours(headers) {
        return Refusal::forbidden("`Host` is not a name of this machine").into_response();
    }
    if !is_safe(method) && is_from_elsewhere(headers) {
        return Refusal::forbidden("the request comes from a page of another site").into_response();
    }
    next.run(request).await
}

const fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// Whether `Host` is an address or `localhost`; old clients send none.
fn is_ours(headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, header::HOST.as_str()) else { return true };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let lower = name.to_ascii_lowercase();
    bare.parse::<IpAddr>().is_ok() || lower == "localhost" || lower.ends_with(".localhost")
}

/// Whether a browser says that another site's page sends it.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    if text(headers, "sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return true;
    }
    let Some(origin) = text(headers, header::ORIGIN.as_str()) else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_none() || authority != text(headers, header::HOST.as_str())
}
