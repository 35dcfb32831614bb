//! How an application is watched: traces, log lines, metrics.

use std::net::SocketAddr;

use super::{App, RunningApp, StartError};
use crate::logging::LogFormat;
use crate::message_log::MessageLog;
use crate::metrics::{Monitor, Port};
use crate::trace::{Propagator, Tracing};

impl App {
    /// Ties the program's tracing system to messages: see `docs/observing.md`.
    #[must_use]
    pub fn propagator(mut self, propagator: impl Propagator) -> Self {
        self.shared.tracing = Tracing::by(propagator);
        self
    }

    /// At which level each message is told of.
    #[must_use]
    pub fn log_messages(mut self, log: MessageLog) -> Self {
        self.shared.message_log = log;
        self
    }

    /// What the log shows when the application [runs](App::run) as a program of its own and has
    /// set up no log: `error`, `warn`, `info`, `debug` or `trace`. `RUST_LOG` wins over it.
    #[must_use]
    pub fn log_level(mut self, level: impl Into<String>) -> Self {
        self.logging.level = Some(level.into());
        self
    }

    /// How that log looks.
    #[must_use]
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.logging.format = Some(format);
        self
    }

    /// Serves `/metrics`, `/healthz` and `/readyz` over HTTP at this address, from start to end,
    /// to whoever asks: see [`Monitor::router`] for what they say. A port of zero is any that is
    /// free, told by [`RunningApp::metrics_address`].
    #[cfg(feature = "http")]
    #[must_use]
    pub fn metrics(mut self, address: SocketAddr) -> Self {
        self.metrics_address = Some(address);
        self
    }

    /// Takes the address before anything runs.
    pub(super) async fn listen(&self) -> Result<Port, StartError> {
        let address = self.metrics_address.unwrap_or_else(|| ([0, 0, 0, 0], 0).into());
        let listening = Port::at(self.metrics_address).await;
        listening.map_err(|source| StartError::Metrics { address, source })
    }
}

impl RunningApp {
    /// Looks at the application from elsewhere.
    pub fn monitor(&self) -> Monitor {
        self.monitor.clone()
    }

    /// What has happened so far, in Prometheus' text format.
    pub fn metrics(&self) -> String {
        self.monitor.metrics()
    }

    /// Where metrics are served, if they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }
}
