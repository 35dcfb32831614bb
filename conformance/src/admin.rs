//! The HTTP API of a broker, as far as the cases use it.
//!
//! A request goes out, the status comes back; bodies of answers are not looked at.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, Result};

/// The HTTP API at an address.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    address: String,
    authorization: String,
}

impl Admin {
    pub(crate) fn new(url: &str, user: &str, password: &str) -> Result<Self> {
        let address = url.strip_prefix("http://").context("an HTTP API begins with http://")?;
        let authorization = base64(format!("{user}:{password}").as_bytes());
        Ok(Self { address: address.trim_end_matches('/').to_owned(), authorization })
    }

    /// Sends a request and gives back the status.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Result<u16> {
        let mut stream = TcpStream::connect(&self.address)
            .with_context(|| format!("cannot connect to {}", self.address))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let (address, authorization, bytes) = (&self.address, &self.authorization, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Basic {authorization}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {bytes}\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).context("no status")?;
        Ok(status.parse()?)
    }
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let sign = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or_default();
            let sign = SIGNS.get(sign).copied().unwrap_or_default();
            text.push(if place <= three.len() { char::from(sign) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_written_in_base64() {
        assert_eq!(base64(b"guest:guest"), "Z3Vlc3Q6Z3Vlc3Q=");
        assert_eq!(base64(b"ab:cd"), "YWI6Y2Q=");
        assert_eq!(base64(b"a:b"), "YTpi");
    }
}
