//! What a configuration says of the statuses that a web service answers with.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use leveret_settings::nearest;
use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::source::Source;
use crate::serve::StatusRule;
use crate::spans::parse_span;

const STATUSES: &str =
    "expected a status as `404`, all of a kind as `4xx`, or a range as `400-499`";
const WORDS: [&str; 4] = ["ack", "retry", "dead-letter", "reject"];

/// A word, or the table `{ busy = "30s" }`.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected `\"ack\"`, `\"retry\"`, `\"dead-letter\"`, `\"reject\"` or `{ busy = \"30s\" }`"
)]
pub(super) enum RawStatusRule {
    Word(String),
    Busy(RawBusy),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBusy {
    busy: String,
}

/// Statuses and what they mean, as written.
pub(super) type RawStatuses = BTreeMap<Spanned<String>, Spanned<RawStatusRule>>;

impl Source<'_> {
    /// Wide ranges first: what is said of fewer statuses wins.
    pub(super) fn statuses(
        self,
        raw: RawStatuses,
    ) -> Result<Vec<(RangeInclusive<u16>, StatusRule)>, ConfigError> {
        let rules = raw.into_iter().map(|(statuses, rule)| {
            let range = parse(statuses.get_ref()).ok_or_else(|| {
                let text = format!("`{}` is no status", statuses.get_ref());
                self.at(&statuses, text).suggest(Some(STATUSES.to_owned()))
            })?;
            Ok((range, self.status_rule(rule)?))
        });
        let mut rules = rules.collect::<Result<Vec<_>, ConfigError>>()?;
        rules.sort_by_key(|(range, _)| std::cmp::Reverse(range.end() - range.start()));
        Ok(rules)
    }

    fn status_rule(self, raw: Spanned<RawStatusRule>) -> Result<StatusRule, ConfigError> {
        let place = raw.span();
        let word = match raw.into_inner() {
            RawStatusRule::Word(word) => word,
            RawStatusRule::Busy(RawBusy { busy }) => {
                return match parse_span(&busy) {
                    Some(wait) if !wait.is_zero() => Ok(StatusRule::Busy(wait)),
                    Some(_) | None => {
                        let text = format!("`{busy}` is no length of time");
                        let error = self.0.error(place, text);
                        Err(error
                            .suggest(Some("expected a number and a unit, as in `30s`".to_owned())))
                    }
                };
            }
        };
        Ok(match word.as_str() {
            "ack" => StatusRule::Ack,
            "retry" => StatusRule::Retry,
            "dead-letter" => StatusRule::DeadLetter,
            "reject" => StatusRule::Reject,
            other => {
                let text = format!("unknown rule `{other}`");
                let near = nearest(other, WORDS);
                let suggestion = near.map_or_else(
                    || format!("expected `{}` or `{{ busy = \"30s\" }}`", WORDS.join("`, `")),
                    |near| format!("did you mean `{near}`?"),
                );
                let error = self.0.error(place, text);
                return Err(error.suggest(Some(suggestion)));
            }
        })
    }
}

fn parse(text: &str) -> Option<RangeInclusive<u16>> {
    let status = |text: &str| {
        let number: u16 = text.parse().ok()?;
        (100..=999).contains(&number).then_some(number)
    };
    if let Some(kind) = text.strip_suffix("xx") {
        let first = status(&format!("{kind}00"))?;
        return Some(first..=first + 99);
    }
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (status(first)?, status(last)?),
        None => (status(text)?, status(text)?),
    };
    (first <= last).then_some(first..=last)
}
