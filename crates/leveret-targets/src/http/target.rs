//! A web server as a configuration says it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::auth::Basic;
use super::event::CloudEvents;
use super::headers::HeaderTemplates;
use super::rules::StatusWord;
use crate::output::OutputConfig;
use crate::span::Span;

/// The longest body of a response that is taken, in bytes, unless told otherwise.
const RESPONSE_BYTES_DEFAULT: usize = 1024 * 1024;

/// The longest body of a response that may be asked for, in bytes.
pub(super) const RESPONSE_BYTES_MAX: usize = 128 * 1024 * 1024;

/// A web server that handles messages: `target = { http = { url = ".." } }`.
///
/// Places in `url`, `headers` and `output.key`: `{exchange}`, `{key}`, `{1}` (a word of the
/// routing key), `{message-id}`, `{correlation-id}`, `{type}`, `{header.NAME}`, and each word that
/// a binding names, as `{region}` of `orders.{region}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct HttpTarget {
    /// Where to: `http://` or `https://`, with places in path and query.
    pub url: String,
    /// The method; `POST` unless told otherwise.
    #[serde(default = "post")]
    pub method: String,
    /// Headers besides those of the message; a value may have places. One that a message cannot
    /// fill is left out.
    #[serde(default)]
    pub headers: HeaderTemplates,
    /// Sends each message as an event in the form of `CloudEvents`.
    pub cloud_events: Option<CloudEvents>,
    /// A file with a token, for `authorization: Bearer ..`; read again every half minute.
    pub bearer_file: Option<PathBuf>,
    /// A variable of the environment with a token.
    pub bearer_env: Option<String>,
    /// A name with a password.
    pub basic: Option<Basic>,
    /// How long to wait for a connection; 5 s unless told otherwise.
    #[serde(default = "connect_timeout")]
    pub connect_timeout: Span,
    /// How long to wait for the whole response; 30 s unless told otherwise.
    #[serde(default = "response_timeout")]
    pub response_timeout: Span,
    /// The longest body of a response, in bytes; 1 MiB unless told otherwise. A longer one is a
    /// permanent failure.
    #[serde(default = "response_bytes_max")]
    pub response_bytes_max: usize,
    /// What statuses mean that mean something else here: `{ 404 = "ack", 5xx = "dead-letter" }`.
    #[serde(default)]
    pub status: BTreeMap<String, StatusWord>,
    /// Where the body of a response is published.
    pub output: Option<OutputConfig>,
    /// Certificates of authorities in PEM, besides those that the machine trusts.
    pub ca_file: Option<PathBuf>,
}

fn post() -> String {
    "POST".to_owned()
}

fn connect_timeout() -> Span {
    Span::of_secs(5)
}

fn response_timeout() -> Span {
    Span::of_secs(30)
}

fn response_bytes_max() -> usize {
    RESPONSE_BYTES_DEFAULT
}
