//! Addresses to listen on, as they are written.

use std::net::SocketAddr;

/// Reads an address such as `127.0.0.1:5672`, `[::1]:5672` or `localhost:5672`.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    local.as_deref().unwrap_or(text).parse().map_err(|_| {
        format!("`{text}` is no address, wanted an IP address and a port such as `127.0.0.1:5672`")
    })
}
