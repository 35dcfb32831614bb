//! The configuration as written: all optional, each value with its place.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::handler::RawHandler;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawConfig {
    pub(super) guarantee: Option<Spanned<String>>,
    pub(super) connection: Option<RawConnection>,
    #[serde(default)]
    pub(super) connections: BTreeMap<String, RawConnection>,
    pub(super) settings: Option<toml::Table>,
    #[serde(default)]
    pub(super) handlers: BTreeMap<Spanned<String>, RawHandler>,
    #[serde(default)]
    pub(super) files: RawFiles,
    #[serde(default)]
    pub(super) logging: RawLogging,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawConnection {
    pub(super) address: Option<Spanned<String>>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) in_memory: Option<Spanned<bool>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawFiles {
    #[serde(default)]
    pub(super) read: Vec<RawRead>,
    #[serde(default)]
    pub(super) write: Vec<RawWrite>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRead {
    pub(super) directory: PathBuf,
    pub(super) exchange: String,
    pub(super) key: String,
    pub(super) content_type: Option<String>,
    pub(super) size_max: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawWrite {
    pub(super) queue: String,
    pub(super) directory: PathBuf,
    pub(super) pattern: Option<Spanned<String>>,
    pub(super) exchange: Option<String>,
    #[serde(default)]
    pub(super) keys: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawLogging {
    pub(super) level: Option<Spanned<String>>,
    pub(super) format: Option<RawLogFormat>,
    pub(super) messages: Option<RawMessageLog>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawLogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawMessageLog {
    Off,
    Debug,
    Info,
}
