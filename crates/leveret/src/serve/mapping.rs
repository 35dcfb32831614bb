//! How a message becomes a request, and a response an outcome.

use http::{HeaderValue, Method};

use super::path::PathTemplate;
use super::status::StatusRules;

/// The longest body of a reply, in bytes, unless told otherwise.
const REPLY_BYTES_DEFAULT: usize = 1024 * 1024;

/// How a message becomes a request, and a response an outcome.
///
/// What is wrong with it is told when the application starts.
///
/// ```
/// use axum::{Router, http::Method, routing::put};
/// use leveret::Handler;
/// use leveret::serve::{Mapping, StatusRule, StatusRules};
///
/// let mapping = Mapping::default()
///     .method(Method::PUT)
///     .captures("order.{region}.{id}")
///     .path("/regions/{region}/orders/{id}")
///     .site("shop.example")
///     .rules(StatusRules::default().on(404, StatusRule::Ack));
/// let router = Router::new().route("/regions/{region}/orders/{id}", put(async || {}));
/// let handler = Handler::serve_as("orders", mapping, router).bind("shop", "order.*.*");
/// assert_eq!(handler.name(), "orders");
/// ```
#[derive(Debug, Clone)]
#[must_use = "a mapping is for `Handler::serve_as`"]
pub struct Mapping {
    method: Method,
    method_header: Option<String>,
    path: String,
    captures: Vec<String>,
    site: String,
    rules: StatusRules,
    reply_bytes_max: usize,
}

/// A mapping that holds.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) method: Method,
    pub(super) method_header: Option<String>,
    pub(super) path: PathTemplate,
    pub(super) site: HeaderValue,
    pub(super) rules: StatusRules,
    pub(super) reply_bytes_max: usize,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            method: Method::POST,
            method_header: None,
            path: "/{exchange}/{key}".to_owned(),
            captures: Vec::new(),
            site: "localhost".to_owned(),
            rules: StatusRules::default(),
            reply_bytes_max: REPLY_BYTES_DEFAULT,
        }
    }
}

impl Mapping {
    /// The method; `POST` unless told otherwise.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Takes the method from this header of the message, where it has one. Any publisher may then
    /// choose it; a value that is no method makes a dead letter.
    pub fn method_header(mut self, name: impl Into<String>) -> Self {
        self.method_header = Some(name.into());
        self
    }

    /// The path, with these filled in; `/{exchange}/{key}` unless told otherwise.
    ///
    /// | in the path | becomes |
    /// |---|---|
    /// | `{exchange}` | the exchange; `amq.default` for the default exchange |
    /// | `{key}` | the routing key, in one segment |
    /// | `{words}` | the words of the routing key, each a segment; stands alone |
    /// | `{1}`, `{2}`, … | one word of the routing key |
    /// | `{name}` | the word that [`captures`](Self::captures) gives this name |
    ///
    /// All are percent-encoded, and what is empty becomes `-`, so that nothing a publisher writes
    /// leaves its segment. A message for which a segment would be `.` or `..` becomes a dead letter.
    pub fn path(mut self, template: impl Into<String>) -> Self {
        self.path = template.into();
        self
    }

    /// Names words of the routing key: `order.{region}.*.{event}`, with `#` at the end for any
    /// rest. Call again for keys of another shape: the first that fits counts. A message that none
    /// fits becomes a dead letter.
    pub fn captures(mut self, pattern: impl Into<String>) -> Self {
        self.captures.push(pattern.into());
        self
    }

    /// The request's `host`: for services that are several sites.
    pub fn site(mut self, host: impl Into<String>) -> Self {
        self.site = host.into();
        self
    }

    /// What each status means.
    pub fn rules(mut self, rules: StatusRules) -> Self {
        self.rules = rules;
        self
    }

    /// The longest body that is sent as a reply, in bytes; a longer one makes a dead letter.
    /// 1 MiB unless told otherwise.
    pub fn reply_bytes_max(mut self, bytes: usize) -> Self {
        self.reply_bytes_max = bytes;
        self
    }

    /// Checked; an error says what is needed instead.
    pub(super) fn resolve(self) -> Result<Plan, String> {
        let site = self.site.parse::<http::uri::Authority>().ok();
        let site = site.and_then(|site| HeaderValue::from_str(site.as_str()).ok());
        Ok(Plan {
            path: PathTemplate::parse(&self.path, &self.captures)?,
            site: site.ok_or_else(|| format!("a site that is a host, found `{}`", self.site))?,
            method: self.method,
            method_header: self.method_header,
            rules: self.rules,
            reply_bytes_max: self.reply_bytes_max,
        })
    }
}
