//! The audit log: who has changed what, from where, and what came of it.
//!
//! Its target is `leveret::audit`, so that it can be filtered and kept apart. A line has no body
//! and no query: there are passwords in bodies.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Bytes of a name or a path in a line.
const TEXT_BYTES_MAX: usize = 512;

/// Notes what is done, and every refusal for want of rights.
pub(super) async fn note(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let user = user(request.headers());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    let peer = peer.map_or_else(|| "in process".to_owned(), |peer| peer.to_string());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let path = printable(&path);
    let is_act = !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
    if is_act || status == 401 || status == 403 {
        let outcome = if status < 400 { "done" } else { "refused" };
        tracing::info!(target: "leveret::audit", user, peer, %method, path, status, outcome);
    }
    response
}

/// Who says to ask; whether it is true is told by the status.
fn user(headers: &HeaderMap) -> String {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let encoded = header.and_then(|header| header.strip_prefix("Basic "));
    let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded.trim()).ok());
    let text = decoded.map(|decoded| String::from_utf8_lossy(&decoded).into_owned());
    let name = text.as_deref().and_then(|text| text.split_once(':')).map_or("", |(name, _)| name);
    printable(name)
}

/// The text without what would break a line or a terminal.
fn printable(text: &str) -> String {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    let shown = text.get(..end).unwrap_or_default();
    shown.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_shown_and_the_password_is_not() {
        let mut headers = HeaderMap::new();
        assert_eq!(user(&headers), "");
        let token = format!("Basic {}", STANDARD.encode("ha\nzel:secret:er"));
        headers.insert(header::AUTHORIZATION, token.parse().unwrap());
        assert_eq!(user(&headers), "ha?zel");
        assert_eq!(printable(&"ü".repeat(500)).len(), TEXT_BYTES_MAX);
    }
}
