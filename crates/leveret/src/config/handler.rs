//! What a configuration says of one handler.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::retry::RawRetry;
use super::routes::RawRoute;
use super::rules::RawRule;
use super::source::Source;
#[cfg(feature = "http")]
use super::statuses::RawStatuses;
use crate::handler::CONCURRENCY_MAX;
use crate::report::ErrorRoute;
use crate::retry::RetryPolicy;
use crate::rules::{Errors, Rule};
#[cfg(feature = "http")]
use crate::serve::StatusRule;

/// What the file says of one handler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerConfig {
    /// How many messages it handles at a time.
    pub concurrency: Option<usize>,
    /// How few an operator may make it while it runs.
    pub concurrency_min: Option<usize>,
    /// How many an operator may make it while it runs.
    pub concurrency_max: Option<usize>,
    /// How often it tries a message.
    pub retry: Option<RetryPolicy>,
    /// How long one attempt may take.
    pub time_limit: Option<Duration>,
    /// On whose behalf it handles messages without a `user-id`.
    pub principal: Option<String>,
    /// What follows its failures, by class or name.
    pub rules: Vec<(Errors, Rule)>,
    /// Where its errors are reported; asked before the routes that the code gives it.
    pub error_routes: Vec<ErrorRoute>,
    /// What statuses mean, if it serves requests; the last that fits wins, over the code's too.
    #[cfg(feature = "http")]
    pub statuses: Vec<(std::ops::RangeInclusive<u16>, StatusRule)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawHandler {
    concurrency: Option<Spanned<usize>>,
    concurrency_min: Option<Spanned<usize>>,
    concurrency_max: Option<Spanned<usize>>,
    retry: Option<RawRetry>,
    time_limit: Option<Spanned<String>>,
    principal: Option<String>,
    #[serde(default)]
    on_error: BTreeMap<Spanned<String>, Spanned<RawRule>>,
    #[serde(default)]
    error_routes: Vec<Spanned<RawRoute>>,
    #[cfg(feature = "http")]
    #[serde(default)]
    statuses: RawStatuses,
}

impl Source<'_> {
    pub(super) fn handler(self, raw: RawHandler) -> Result<HandlerConfig, ConfigError> {
        let concurrency = self.within(raw.concurrency, "concurrency", 1, CONCURRENCY_MAX)?;
        let concurrency_min =
            self.within(raw.concurrency_min, "concurrency-min", 1, CONCURRENCY_MAX)?;
        let concurrency_max =
            self.within(raw.concurrency_max, "concurrency-max", 1, CONCURRENCY_MAX)?;
        let retry = raw.retry.map(|retry| self.retry(retry)).transpose()?;
        let time_limit = self.span(raw.time_limit)?;
        let rules = raw.on_error.into_iter().map(|(errors, rule)| self.rule(&errors, rule));
        let rules = rules.collect::<Result<_, _>>()?;
        let routes = raw.error_routes.into_iter().map(|route| self.route(route));
        Ok(HandlerConfig {
            concurrency,
            concurrency_min,
            concurrency_max,
            retry,
            time_limit,
            principal: raw.principal,
            rules,
            error_routes: routes.collect::<Result<_, _>>()?,
            #[cfg(feature = "http")]
            statuses: self.statuses(raw.statuses)?,
        })
    }
}
