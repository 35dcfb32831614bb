//! What a configuration says of one handler.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::policies::{Bounds, RawKillSwitch, RawMode, RawOrder};
use super::retry::RawRetry;
use super::routes::RawRoute;
use super::rules::RawRule;
use super::source::Source;
#[cfg(feature = "http")]
use super::statuses::RawStatuses;
use crate::handler::{KillSwitch, Mode, Ordered};
use crate::report::ErrorRoute;
use crate::retry::RetryPolicy;
use crate::rules::{Errors, Rule};
#[cfg(feature = "http")]
use crate::serve::StatusRule;

/// What the file says of one handler.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct HandlerConfig {
    /// How many messages it handles at a time.
    pub concurrency: Option<usize>,
    /// How few an operator may make that while it runs.
    pub concurrency_min: Option<usize>,
    /// How many an operator may make that while it runs.
    pub concurrency_max: Option<usize>,
    /// Whether it pulls nothing until somebody resumes it.
    pub paused: Option<bool>,
    /// How outputs and acknowledgement belong together.
    pub outputs: Option<Mode>,
    /// When it stops by itself.
    pub kill_switch: Option<KillSwitch>,
    /// Which order it keeps.
    pub ordered: Option<Ordered>,
    /// Into how many its queue is divided.
    pub partitions: Option<usize>,
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
    paused: Option<bool>,
    outputs: Option<RawMode>,
    kill_switch: Option<RawKillSwitch>,
    order: Option<Spanned<RawOrder>>,
    partitions: Option<Spanned<usize>>,
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
        let retry = raw.retry.map(|retry| self.retry(retry)).transpose()?;
        let time_limit = self.span(raw.time_limit)?;
        let rules = raw.on_error.into_iter().map(|(errors, rule)| self.rule(&errors, rule));
        let rules = rules.collect::<Result<_, _>>()?;
        let routes = raw.error_routes.into_iter().map(|route| self.route(route));
        let bounds = self.bounds(Bounds {
            start: raw.concurrency,
            min: raw.concurrency_min,
            max: raw.concurrency_max,
        })?;
        Ok(HandlerConfig {
            concurrency: bounds.start,
            concurrency_min: bounds.min,
            concurrency_max: bounds.max,
            paused: raw.paused,
            outputs: raw.outputs.map(Into::into),
            kill_switch: raw.kill_switch.map(|raw| self.kill_switch(raw)).transpose()?,
            ordered: raw.order.map(|raw| self.order(raw)).transpose()?,
            partitions: self.partitions(raw.partitions)?,
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
