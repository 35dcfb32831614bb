//! One request to the admin API and its answer.
//!
//! HTTP/1.0 over one connection each: the answer is what comes until the end.

use std::{
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{Refusal, exit::Exit};

/// How long the broker may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    pub(crate) reason: Option<String>,
    /// Whether the answer may take as long as it takes.
    pub(crate) is_long: bool,
}

/// Whom to ask, and as whom.
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Call {
    pub(crate) fn new(method: &'static str, segments: &[&str], body: Option<Value>) -> Self {
        let path = segments.iter().flat_map(|segment| ["/".to_owned(), encoded(segment)]).collect();
        Self { method, path, body, reason: None, is_long: false }
    }
}

/// A path segment in which nothing has a meaning.
pub(crate) fn encoded(segment: &str) -> String {
    let mut text = String::new();
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => text.push(byte.into()),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

impl Server {
    /// Asks, and gives back the body of an answer that is no error.
    pub(crate) fn ask(&self, call: &Call) -> Result<Value, Refusal> {
        let answer = self.exchange(call).map_err(|error| Refusal {
            text: format!(
                "cannot reach the admin API at {}: {error} (start the broker with --admin-listen)",
                self.address
            ),
            exit: Exit::Unavailable,
        })?;
        let broken = || Refusal {
            text: format!("what answers at {} is no admin API", self.address),
            exit: Exit::Unavailable,
        };
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
        let status: u16 =
            head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(body).map_err(|_| broken())?
        };
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let reason = body.get("reason").and_then(Value::as_str).unwrap_or("no reason given");
        let exit = match status {
            400 | 405 | 413 => Exit::Data,
            401 | 403 => Exit::Permission,
            404 => Exit::NoInput,
            409 => Exit::Temporary,
            503 => Exit::Unavailable,
            _ => Exit::Internal,
        };
        Err(Refusal { text: format!("refused: {reason}"), exit })
    }

    fn exchange(&self, call: &Call) -> std::io::Result<String> {
        let none = || std::io::Error::other("the address names no host");
        let address = self.address.to_socket_addrs()?.next().ok_or_else(none)?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE).filter(|_| !call.is_long))?;
        let token = STANDARD.encode(format!("{}:{}", self.user, self.password));
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        let Call { method, path, reason, .. } = call;
        let reason = reason.as_ref().map_or_else(String::new, |reason| {
            let plain: String = reason.chars().filter(|letter| !letter.is_control()).collect();
            format!("x-reason: {plain}\r\n")
        });
        let head = format!(
            "{method} /api{path} HTTP/1.0\r\nhost: {}\r\nauthorization: Basic {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{reason}\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = String::new();
        stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
        Ok(answer)
    }
}
