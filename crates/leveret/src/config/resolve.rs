//! From the configuration as written to one that is whole and legal.

use std::path::Path;

use leveret_client::ConnectOptions;
use leveret_settings::nearest;
use serde::Deserialize as _;
use toml::Spanned;
use toml::de::DeTable;

use super::Config;
use super::error::ConfigError;
use super::raw::{RawConfig, RawConnection, RawLogFormat, RawMessageLog, RawRead, RawWrite};
use super::source::{ConfigText, Source};
use crate::endpoint::Endpoint;
use crate::files::{FileSink, FileSource};
use crate::logging::LogFormat;
use crate::message_log::MessageLog;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl Config {
    /// Reads and checks a file.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let text =
            std::fs::read_to_string(path).map_err(|error| ConfigError::of_file(path, error))?;
        Self::parse(path, &text)
    }

    /// Checks a text; errors name `file`.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let all = ConfigText::default();
        all.add(file, text);
        let raw = toml::from_str(text).map_err(|error| all.toml_error(&error, 0))?;
        Source(&all).resolve(raw)
    }
}

impl Source<'_> {
    pub(super) fn resolve(self, raw: RawConfig) -> Result<Config, ConfigError> {
        let connection = raw.connection.map(|raw| self.endpoint(raw)).transpose()?;
        let connections = raw
            .connections
            .into_iter()
            .map(|(name, raw)| Ok((name, self.endpoint(raw)?)))
            .collect::<Result<_, ConfigError>>()?;
        let handlers = raw
            .handlers
            .into_iter()
            .map(|(name, raw)| Ok((name.into_inner(), self.handler(raw)?)))
            .collect::<Result<_, ConfigError>>()?;
        let write =
            raw.files.write.into_iter().map(|raw| self.write(raw)).collect::<Result<_, _>>()?;
        let no_loss = raw.guarantee.map_or(Ok(false), |guarantee| self.guarantee(&guarantee))?;
        Ok(Config {
            connection,
            no_loss,
            connections,
            settings: raw.settings.unwrap_or_default(),
            handlers,
            read: raw.files.read.into_iter().map(read).collect(),
            write,
            log_level: raw.logging.level.map(|level| self.level(level)).transpose()?,
            log_format: raw.logging.format.map(Into::into),
            log_messages: raw.logging.messages.map(Into::into),
        })
    }

    fn endpoint(self, raw: RawConnection) -> Result<Endpoint, ConfigError> {
        let is_memory = raw.in_memory.as_ref().is_some_and(|in_memory| *in_memory.get_ref());
        match (raw.address, raw.data_dir) {
            (Some(address), None) if !is_memory => self.address(address),
            (None, Some(_)) if is_memory => {
                let place = raw.in_memory.map_or(0..0, |in_memory| in_memory.span());
                Err(self.0.error(place, "a broker in memory has no data directory"))
            }
            (None, Some(path)) => Ok(Endpoint::Directory(path)),
            (None, None) => Ok(Endpoint::Memory),
            (Some(address), _) => {
                Err(self.at(&address, "a connection has either an address or the embedded broker"))
            }
        }
    }

    fn guarantee(self, guarantee: &Spanned<String>) -> Result<bool, ConfigError> {
        match guarantee.get_ref().as_str() {
            "no-loss" => Ok(true),
            "best-effort" => Ok(false),
            other => {
                let text = format!("unknown guarantee `{other}`");
                let known = nearest(other, ["no-loss", "best-effort"]);
                let hint = known.map_or_else(
                    || "expected `no-loss` or `best-effort`".to_owned(),
                    |name| format!("did you mean `{name}`?"),
                );
                Err(self.at(guarantee, text).suggest(Some(hint)))
            }
        }
    }

    fn address(self, address: Spanned<String>) -> Result<Endpoint, ConfigError> {
        let Some((scheme, _)) = address.get_ref().split_once("://") else {
            return Err(
                self.at(&address, "an address has the form `amqp://user:password@host:5672/vhost`")
            );
        };
        if scheme == "amqp" || scheme == "amqps" {
            return match ConnectOptions::from_uri(address.get_ref()) {
                Ok(_) => Ok(Endpoint::Address(address.into_inner())),
                Err(error) => Err(self.at(&address, format!("no address: {error}"))),
            };
        }
        Err(self
            .at(&address, format!("unknown scheme `{scheme}`"))
            .suggest(Some("an address begins with `amqp://`".to_owned())))
    }

    fn write(self, raw: RawWrite) -> Result<FileSink, ConfigError> {
        let mut sink = FileSink::new(raw.queue, raw.directory);
        if let Some(pattern) = raw.pattern {
            let parsed = pattern.get_ref().parse().map_err(|error| self.at(&pattern, error))?;
            sink = sink.pattern(parsed);
        }
        for key in raw.keys {
            sink = sink.bind(raw.exchange.as_deref().unwrap_or("amq.topic"), key);
        }
        Ok(sink)
    }

    fn level(self, level: Spanned<String>) -> Result<String, ConfigError> {
        if LEVELS.contains(&level.get_ref().as_str()) {
            return Ok(level.into_inner());
        }
        let suggestion = nearest(level.get_ref(), LEVELS);
        Err(self.at(&level, format!("unknown level `{}`", level.get_ref())).suggest(Some(
            match suggestion {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("expected one of {}", LEVELS.join(", ")),
            },
        )))
    }
}

impl From<RawLogFormat> for LogFormat {
    fn from(raw: RawLogFormat) -> Self {
        match raw {
            RawLogFormat::Text => Self::Text,
            RawLogFormat::Json => Self::Json,
        }
    }
}

impl From<RawMessageLog> for MessageLog {
    fn from(raw: RawMessageLog) -> Self {
        match raw {
            RawMessageLog::Off => Self::Off,
            RawMessageLog::Debug => Self::Debug,
            RawMessageLog::Info => Self::Info,
        }
    }
}

fn read(raw: RawRead) -> FileSource {
    let mut source = FileSource::new(raw.directory).to(raw.exchange, raw.key);
    if let Some(content_type) = raw.content_type {
        source = source.content_type(content_type);
    }
    if let Some(bytes) = raw.size_max {
        source = source.size_max(bytes);
    }
    source
}

impl ConfigText {
    /// The tables that every application knows, from values whose places are places here.
    pub fn config(&self, table: Spanned<DeTable<'_>>) -> Result<Config, ConfigError> {
        let raw = RawConfig::deserialize(toml::Deserializer::from(table))
            .map_err(|error| self.toml_error(&error, 0))?;
        Source(self).resolve(raw)
    }
}
