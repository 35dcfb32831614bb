//! The log of an application that is a program of its own.

use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How the lines look that [`App::run`](crate::App::run) writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON object a line, with the fields of the message's span.
    Json,
}

/// What the configuration says of the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logging {
    pub(crate) level: Option<String>,
    pub(crate) format: Option<LogFormat>,
}

impl Logging {
    /// Starts a log on standard error if one is described and the program has none yet.
    pub(crate) fn start(&self) {
        if self.level.is_none() && self.format.is_none() {
            return;
        }
        let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let directives = std::env::var(EnvFilter::DEFAULT_ENV).ok();
        let subscriber = self.subscriber(directives.as_deref(), colour, io::stderr);
        // A program that has set up its own log keeps it.
        tracing::subscriber::set_global_default(subscriber).ok();
    }

    /// `directives` win over the level, if they can be read.
    fn subscriber<W>(
        &self,
        directives: Option<&str>,
        colour: bool,
        writer: W,
    ) -> Box<dyn Subscriber + Send + Sync>
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let level = self.level.as_deref().and_then(|level| level.parse().ok());
        let filter =
            directives.and_then(|text| EnvFilter::try_new(text).ok()).unwrap_or_else(|| {
                EnvFilter::default().add_directive(level.unwrap_or(LevelFilter::INFO).into())
            });
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(writer)
            .with_ansi(colour)
            .with_target(false);
        match self.format.unwrap_or_default() {
            LogFormat::Text => Box::new(builder.finish()),
            LogFormat::Json => Box::new(builder.json().finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().map_or(Ok(0), |mut all| all.write(bytes))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(logging: &Logging, directives: Option<&str>) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = logging.subscriber(directives, false, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(number = 7, "small");
            tracing::warn!("great");
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_level_decides_unless_the_environment_does() {
        let logging = |level: &str| Logging { level: Some(level.to_owned()), format: None };
        assert!(logged(&logging("debug"), None).contains("small"));
        let warnings = logged(&logging("warn"), None);
        assert!(warnings.contains("great") && !warnings.contains("small"), "{warnings}");
        assert_eq!(logged(&logging("off"), None), "");
        assert!(logged(&logging("off"), Some("debug")).contains("small"));
    }

    #[test]
    fn a_line_of_json_is_an_object() {
        let logging = Logging { level: Some("debug".to_owned()), format: Some(LogFormat::Json) };
        let lines = logged(&logging, None);
        let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["fields"]["number"], 7);
        assert_eq!(first["level"], "DEBUG");
    }
}
