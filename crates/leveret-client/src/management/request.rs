//! One request to the management API.
//!
//! HTTP/1.0 over a connection of its own: the answer is what comes until the end.

use std::io;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{error::ManagementError, options::ManagementOptions};
use crate::transport::secure;

/// Bytes of an answer: about 50,000 consumers. A longer list is no answer.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// Bytes of a refusal's reason.
const REASON_BYTES_MAX: usize = 1024;

/// The body of the answer to the question for all consumers of the virtual host.
pub(super) async fn consumers(options: &ManagementOptions) -> Result<Vec<u8>, ManagementError> {
    let (address, within) = (format!("{}:{}", options.host, options.port), options.timeout);
    let asked = timeout(within, ask(options, &address)).await;
    asked.unwrap_or(Err(ManagementError::TimedOut { address, within }))
}

async fn ask(options: &ManagementOptions, address: &str) -> Result<Vec<u8>, ManagementError> {
    let failed = |source| ManagementError::Io { address: address.to_owned(), source };
    let stream = TcpStream::connect((&*options.host, options.port)).await.map_err(failed)?;
    let answer = match &options.tls {
        None => exchange(stream, options, address).await,
        Some(tls) => exchange(secure(stream, &options.host, tls).await?, options, address).await,
    };
    body_of(answer.map_err(failed)?)
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    options: &ManagementOptions,
    address: &str,
) -> io::Result<Vec<u8>> {
    let ManagementOptions { user, password, virtual_host, .. } = options;
    let token = STANDARD.encode(format!("{user}:{}", password.reveal()));
    let virtual_host = virtual_host.to_string_lossy();
    let path = utf8_percent_encode(&virtual_host, NON_ALPHANUMERIC);
    let head = format!(
        "GET /api/consumers/{path} HTTP/1.0\r\nhost: {address}\r\nauthorization: Basic {token}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX as u64 + 1).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The body of an answer that is no refusal.
fn body_of(mut answer: Vec<u8>) -> Result<Vec<u8>, ManagementError> {
    let unreadable = |reason: &str| ManagementError::Unreadable { reason: reason.to_owned() };
    if answer.len() > ANSWER_BYTES_MAX {
        return Err(unreadable("it is longer than 32 MiB"));
    }
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let body = answer.split_off(end.ok_or_else(|| unreadable("it has no head of HTTP"))? + 4);
    let head = String::from_utf8_lossy(&answer);
    let mut words = head.split(' ');
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/1."));
    let status = words.next().and_then(|code| code.parse().ok()).filter(|_| is_http);
    match status.ok_or_else(|| unreadable("it has no status of HTTP"))? {
        200 => Ok(body),
        status => Err(ManagementError::Refused { status, reason: reason_in(&body) }),
    }
}

fn reason_in(body: &[u8]) -> String {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let reason = body.as_ref().and_then(|body| body.get("reason")?.as_str());
    let reason = reason.unwrap_or("no reason given");
    reason.get(..reason.floor_char_boundary(REASON_BYTES_MAX)).unwrap_or(reason).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_had_of_an_answer_and_a_reason_of_a_refusal() {
        let body = |answer: &str| body_of(answer.as_bytes().to_vec());
        assert_eq!(body("HTTP/1.1 200 OK\r\na: b\r\n\r\n[]").unwrap(), b"[]");
        let refused = body("HTTP/1.0 401 No\r\n\r\n{\"reason\":\"Login failed\"}").unwrap_err();
        assert_eq!(refused.to_string(), "the management API refused with 401: Login failed");
        let long = format!("HTTP/1.1 400 No\r\n\r\n{{\"reason\":\"{}\"}}", "é".repeat(2_000));
        assert!(body(&long).unwrap_err().to_string().len() < 1_100);
        for answer in ["", "HTTP/1.1 200 OK", "AMQP\0\0\u{9}\u{1}\r\n\r\n", "HTTP/1.1\r\n\r\n"] {
            let error = body(answer).unwrap_err();
            assert!(matches!(error, ManagementError::Unreadable { .. }), "{answer:?}: {error}");
        }
    }
}
