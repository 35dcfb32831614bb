//! An address with places that a message fills.
//!
//! Keeps true: what is filled in stays in its segment, or in its part of the query. The server
//! is fixed: no message can choose another.

use http::Uri;
use leveret::Failure;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::delivery::Delivery;
use crate::template::Template;

/// RFC 3986, 2.3: what stays as it is, besides letters and digits.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `http://127.0.0.1:8000/orders/{key}` and the like.
#[derive(Debug, Clone)]
pub(super) struct UrlTemplate {
    /// Scheme and authority.
    server: String,
    segments: Vec<Template>,
    query: Option<Template>,
}

impl UrlTemplate {
    /// An address as written; an error says what is wrong, without the address, which may hold
    /// what is secret.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("wanted is `http://…` or `https://…`")?;
        if scheme != "http" && scheme != "https" {
            return Err(format!("wanted is `http://…` or `https://…`, found `{scheme}://`"));
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err("a user and a password do not belong in an address: use `basic`".to_owned());
        }
        if authority.contains(['{', '}']) {
            return Err(
                "places are for path and query: a message cannot choose the server".to_owned()
            );
        }
        if rest.contains('#') {
            return Err("a fragment is never sent to a server".to_owned());
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(Template::parse(query)?)),
            None => (rest, None),
        };
        let path = path.strip_prefix('/').unwrap_or(path);
        let segments = path.split('/').map(Template::parse).collect::<Result<Vec<_>, _>>()?;
        let template = Self { server: format!("{scheme}://{authority}"), segments, query };
        template.check()?;
        Ok(template)
    }

    fn check(&self) -> Result<(), String> {
        let outlines: Vec<String> = self.segments.iter().map(Template::outline).collect();
        if outlines.iter().any(|segment| is_dots(segment)) {
            return Err("a segment of the path cannot be `.` or `..`".to_owned());
        }
        let query = self.query.as_ref().map(Template::outline);
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let whole = format!("{}/{}{query}", self.server, outlines.join("/"));
        let uri: Uri = whole.parse().map_err(|error| format!("no address: {error}"))?;
        let host = uri.host().unwrap_or_default();
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        match (host, authority.strip_prefix(host)) {
            ("", _) => Err("it names no host".to_owned()),
            (_, Some(port)) if !port.is_empty() && uri.port_u16().is_none() => {
                Err(format!("`{port}` is no port"))
            }
            _ => Ok(()),
        }
    }

    /// The server alone, for logs and errors.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// The address for a message.
    pub(super) fn fill(&self, delivery: &Delivery) -> Result<Uri, Failure> {
        let unmappable = |text: String| Failure::permanent(text).named("unmappable");
        let mut url = self.server.clone();
        for segment in &self.segments {
            let filled =
                segment.fill(delivery, in_path).map_err(|error| unmappable(error.to_string()))?;
            // Encoding would not help: `%2e%2e` is read as `..` by many.
            if is_dots(&filled) {
                let text = format!("a segment of the path would be `{filled}`, which leaves it");
                return Err(unmappable(text));
            }
            url.push('/');
            url.push_str(&filled);
        }
        if let Some(query) = &self.query {
            url.push('?');
            let filled =
                query.fill(delivery, encoded).map_err(|error| unmappable(error.to_string()))?;
            url.push_str(&filled);
        }
        url.parse().map_err(|error: http::uri::InvalidUri| unmappable(error.to_string()))
    }
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

/// What is empty would join its neighbours.
fn in_path(value: &str) -> String {
    if value.is_empty() { "-".to_owned() } else { encoded(value) }
}

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, &ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_is_told() {
        for wrong in [
            "",
            "127.0.0.1:8000",
            "ftp://host/",
            "http://",
            "http:///path",
            "http://{key}/",
            "http://user:secret@host/",
            "http://host/#part",
            "http://host/..",
            "http://host/a b",
            "http://host/{key",
            "http://host/{no-name}",
            "http://host:port/",
            "http://host:/",
            "http://host:70000/",
        ] {
            let problem = UrlTemplate::parse(wrong).unwrap_err();
            assert!(!problem.contains("secret"), "{problem}");
        }
        for right in ["http://host", "https://host?a={key}", "http://[::1]:80/{1}/{header.x-a}?b"] {
            UrlTemplate::parse(right).unwrap();
        }
    }

    #[test]
    fn a_value_stays_in_its_place() {
        assert_eq!(in_path("../a?b#c%2f\r\nä"), "..%2Fa%3Fb%23c%252f%0D%0A%C3%A4");
        assert_eq!(in_path(""), "-");
        assert_eq!(encoded("a&b=c"), "a%26b%3Dc");
    }
}
