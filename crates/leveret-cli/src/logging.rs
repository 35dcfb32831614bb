//! Log lines on standard error, filtered by `LEVERET_LOG`.
//!
//! With `LEVERET_LOG_FORMAT=json` each is a JSON object that names its target.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Starts logging; an unusable filter counts as none.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("LEVERET_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let base = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if std::env::var("LEVERET_LOG_FORMAT").is_ok_and(|format| format == "json") {
        base.json().init();
    } else {
        base.with_ansi(colour).with_target(false).init();
    }
}
