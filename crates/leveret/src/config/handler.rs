//! What a configuration says of one handler.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::retry::RawRetry;
use super::rules::RawRule;
use super::source::Source;
use crate::handler::CONCURRENCY_MAX;
use crate::retry::RetryPolicy;
use crate::rules::{Errors, Rule};

/// What the file says of one handler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerConfig {
    /// How many messages it handles at a time.
    pub concurrency: Option<usize>,
    /// How often it tries a message.
    pub retry: Option<RetryPolicy>,
    /// How long one attempt may take.
    pub time_limit: Option<Duration>,
    /// On whose behalf it handles messages without a `user-id`.
    pub principal: Option<String>,
    /// What follows its failures, by class or name.
    pub rules: Vec<(Errors, Rule)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawHandler {
    concurrency: Option<Spanned<usize>>,
    retry: Option<RawRetry>,
    time_limit: Option<Spanned<String>>,
    principal: Option<String>,
    #[serde(default)]
    on_error: BTreeMap<Spanned<String>, Spanned<RawRule>>,
}

impl Source<'_> {
    pub(super) fn handler(self, raw: RawHandler) -> Result<HandlerConfig, ConfigError> {
        let concurrency = self.within(raw.concurrency, "concurrency", 1, CONCURRENCY_MAX)?;
        let retry = raw.retry.map(|retry| self.retry(retry)).transpose()?;
        let time_limit = self.span(raw.time_limit)?;
        let rules = raw.on_error.into_iter().map(|(errors, rule)| self.rule(&errors, rule));
        let rules = rules.collect::<Result<_, _>>()?;
        Ok(HandlerConfig { concurrency, retry, time_limit, principal: raw.principal, rules })
    }
}
