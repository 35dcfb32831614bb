//! One HTTP request and its answer: of the admin API, of an application.
//!
//! HTTP/1.0 over one connection each: the answer is what comes until the end.

mod site;
mod tls;

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use leveret_client::ConnectOptions;
use serde_json::Value;

use self::tls::TlsFailure;
pub(crate) use self::{
    site::{ADMIN_PORTS, APP_PORTS, Site, SiteError, TrustArgs, of_flag},
    tls::certificate_end,
};

/// How long the other side may be silent.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// What is asked for.
pub(crate) struct Ask<'a> {
    pub(crate) site: &'a Site,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Names and values, without control characters.
    pub(crate) headers: Vec<(&'a str, String)>,
    /// JSON.
    pub(crate) body: Option<&'a str>,
    /// How long the other side may be silent; nothing is as long as it takes.
    pub(crate) patience: Option<Duration>,
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error(transparent)]
    Unreachable(#[from] io::Error),
    #[error("no TLS with it: {0}")]
    Tls(#[from] TlsFailure),
    #[error("what answers is no HTTP")]
    NotHttp,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Heard {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The body, if it is JSON; `null` if it is empty.
    pub(crate) fn json(&self) -> Option<Value> {
        if self.body.is_empty() { Some(Value::Null) } else { serde_json::from_str(&self.body).ok() }
    }
}

impl Ask<'_> {
    /// Asks, and reads the answer to its end.
    pub(crate) fn send(&self) -> Result<Heard, SendError> {
        let patience = self.patience.unwrap_or(PATIENCE);
        let mut stream = self.site.reach(patience, self.patience)?;
        let answer = if self.site.is_tls() {
            self.talk(&mut self.site.secure(stream)?)?
        } else {
            self.talk(&mut stream)?
        };
        heard(&answer).ok_or(SendError::NotHttp)
    }

    fn talk(&self, stream: &mut (impl Read + Write)) -> io::Result<Vec<u8>> {
        let (authority, body) = (self.site.authority(), self.body.unwrap_or_default());
        let mut head = format!("{} {} HTTP/1.0\r\nhost: {authority}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = body.len();
        head.push_str(&format!(
            "content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        ));
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        stream.flush()?;
        let mut answer = Vec::new();
        match stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer) {
            // Some end TLS without a word; an answer that says its length is whole all the same.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && is_whole(&answer) => {}
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        Ok(answer)
    }
}

/// Whether all is there that the answer says it has.
fn is_whole(answer: &[u8]) -> bool {
    let Some(heard) = heard(answer) else { return false };
    let length = heard.header("content-length").and_then(|length| length.parse().ok());
    length.is_some_and(|length: usize| heard.body.len() >= length)
}

fn heard(answer: &[u8]) -> Option<Heard> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/")?.split(' ').nth(1)?.parse().ok()?;
    Some(Heard { status, head: head.to_owned(), body: body.to_owned() })
}

/// User and password of the admin API: whoever logs in to the broker, unless the environment names
/// another; an empty variable is none.
pub(crate) fn admin_login(options: &ConnectOptions) -> (String, String) {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    (
        variable("LEVERET_ADMIN_USER").unwrap_or_else(|| options.user.clone()),
        variable("LEVERET_ADMIN_PASSWORD").unwrap_or_else(|| options.password.reveal().to_owned()),
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_headers_and_a_body() {
        let heard = heard(b"HTTP/1.1 204 No Content\r\nDate: now\r\nX: y\r\n\r\n").unwrap();
        assert_eq!(
            (heard.status, heard.header("date"), heard.json()),
            (204, Some("now"), Some(Value::Null))
        );
        assert!(super::heard(b"SSH-2.0-x\r\n\r\n").is_none());
        assert!(is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n["));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\n\r\n[]"));
        assert_eq!(encoded("a/b c"), "a%2Fb%20c");
    }
}
