//! The tables of a run file that only the runner knows, as written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::{Spanned, Value};

use crate::schedule::Misfire;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRun {
    pub(super) app: Option<String>,
    pub(super) grace: Option<String>,
    pub(super) inbox_file: Option<PathBuf>,
    pub(super) broker: Option<RawBroker>,
    #[serde(default)]
    pub(super) pool: BTreeMap<Spanned<String>, RawPool>,
    #[serde(default)]
    pub(super) sites: BTreeMap<String, Site>,
    #[serde(default)]
    pub(super) services: Vec<Spanned<Value>>,
    pub(super) metrics: Option<RawMetrics>,
    pub(super) control: Option<RawControl>,
    #[serde(default)]
    pub(super) schedules: Vec<Spanned<RawSchedule>>,
    #[serde(default)]
    pub(super) exchanges: Vec<RawExchange>,
    #[serde(default)]
    pub(super) queues: Vec<RawQueue>,
    #[serde(default)]
    pub(super) bindings: Vec<RawBinding>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawBroker {
    #[serde(default)]
    pub(super) listen: Vec<Spanned<String>>,
    pub(super) admin_listen: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPool {
    pub(super) address: Option<Spanned<String>>,
    pub(super) size: Option<usize>,
}

/// Where services run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Site {
    pub(crate) host: Option<String>,
    pub(crate) path_prefix: Option<String>,
    pub(crate) principal: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMetrics {
    pub(super) listen: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawControl {
    pub(super) listen: Spanned<String>,
    pub(super) token_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConsumer {
    pub(super) queue: Spanned<String>,
    #[serde(default)]
    pub(super) expect: bool,
    #[serde(default)]
    pub(super) arguments: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    pub(super) bind: Vec<RawBind>,
    pub(super) connection: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) inbox: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBind {
    pub(crate) exchange: String,
    pub(crate) key: Option<String>,
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSchedule {
    pub(super) name: Spanned<String>,
    pub(super) cron: Option<Spanned<String>>,
    pub(super) timezone: Option<Spanned<String>>,
    pub(super) every: Option<Spanned<String>>,
    pub(super) misfire: Option<Misfire>,
    pub(super) exchange: Option<String>,
    pub(super) key: String,
    pub(super) body: Option<String>,
    pub(super) content_type: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExchange {
    pub(super) name: String,
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQueue {
    pub(super) name: String,
    #[serde(default)]
    pub(super) arguments: BTreeMap<String, Spanned<Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBinding {
    pub(super) queue: String,
    pub(super) exchange: String,
    pub(super) key: Option<String>,
}
