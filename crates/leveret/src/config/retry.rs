//! What a configuration says of retries, and the numbers and times in it.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::source::Source;
use crate::retry::{Delays, RetryPolicy};
use crate::spans::parse_span;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRetry {
    attempts: Option<Spanned<u32>>,
    delays: Option<Spanned<u32>>,
    first_delay: Option<Spanned<String>>,
    longest_delay: Option<Spanned<String>>,
    factor: Option<Spanned<u32>>,
    give_up_after: Option<Spanned<String>>,
}

impl Source<'_> {
    pub(super) fn retry(self, raw: RawRetry) -> Result<RetryPolicy, ConfigError> {
        let attempts = self.within(raw.attempts, "attempts", 1, 100)?.unwrap_or(3);
        let mut policy = RetryPolicy::attempts(attempts);
        let first = self.span(raw.first_delay)?;
        let longest = self.span(raw.longest_delay)?;
        let factor = self.within(raw.factor, "factor", 1, 100)?;
        if let Some(rounds) = self.within(raw.delays, "delays", 0, 100)? {
            let mut delays = Delays::exponential(first.unwrap_or(Duration::from_secs(1)), rounds);
            delays = longest.map_or(delays, |longest| delays.longest(longest));
            delays = factor.map_or(delays, |factor| delays.factor(factor));
            policy = policy.then(delays);
        }
        let limit = self.span(raw.give_up_after)?;
        Ok(limit.map_or(policy, |limit| policy.give_up_after(limit)))
    }

    pub(super) fn within<T: PartialOrd + std::fmt::Display + Copy>(
        self,
        value: Option<Spanned<T>>,
        what: &str,
        min: T,
        max: T,
    ) -> Result<Option<T>, ConfigError> {
        match value {
            Some(value) if !(min..=max).contains(value.get_ref()) => {
                let text = format!("{what} is {min} to {max}, found {}", value.get_ref());
                Err(self.at(&value, text))
            }
            Some(value) => Ok(Some(value.into_inner())),
            None => Ok(None),
        }
    }

    pub(super) fn span(
        self,
        text: Option<Spanned<String>>,
    ) -> Result<Option<Duration>, ConfigError> {
        let Some(text) = text else { return Ok(None) };
        match parse_span(text.get_ref()) {
            Some(span) if !span.is_zero() => Ok(Some(span)),
            Some(_) | None => {
                let found = text.get_ref();
                let wanted =
                    "expected a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`";
                let error = self.at(&text, format!("`{found}` is no length of time"));
                Err(error.suggest(Some(wanted.to_owned())))
            }
        }
    }
}
