//! The log of `leveret run`, whose level can change while it runs.

use std::{
    fmt,
    io::{self, IsTerminal},
};

use leveret_runner::LogFormat;
use tracing_subscriber::EnvFilter;

/// Sets what is logged.
type Level = Box<dyn Fn(&str)>;

/// Log lines on standard error.
pub(super) struct Log {
    /// Nothing where the environment says what is logged, which wins.
    level: Option<Level>,
}

impl Log {
    /// Starts it; `LEVERET_LOG` wins over the level.
    pub(super) fn start(level: Option<&str>, format: Option<LogFormat>) -> Self {
        let named = std::env::var("LEVERET_LOG").ok().filter(|filter| !filter.is_empty());
        let named = named.and_then(|filter| EnvFilter::try_new(filter).ok());
        let is_fixed = named.is_some();
        let filter = named.unwrap_or_else(|| EnvFilter::new(level.unwrap_or("info")));
        let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .with_ansi(colour)
            .with_target(false);
        // A handle is useless only if the log is gone.
        let level: Level = if format == Some(LogFormat::Json) {
            let builder = builder.json().with_filter_reloading();
            let handle = builder.reload_handle();
            builder.init();
            Box::new(move |level| handle.reload(EnvFilter::new(level)).unwrap_or_default())
        } else {
            let builder = builder.with_filter_reloading();
            let handle = builder.reload_handle();
            builder.init();
            Box::new(move |level| handle.reload(EnvFilter::new(level)).unwrap_or_default())
        };
        Self { level: Some(level).filter(|_| !is_fixed) }
    }

    /// Logs by this level from now on; whether that is possible.
    pub(super) fn set_level(&self, level: &str) -> bool {
        if let Some(set) = &self.level {
            set(level);
        }
        self.level.is_some()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Log").field("is_fixed", &self.level.is_none()).finish()
    }
}
