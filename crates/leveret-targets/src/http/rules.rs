//! What statuses mean, as a configuration file says it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use leveret::serve::{StatusRule, StatusRules};
use serde::Deserialize;

/// How long a server that is busy is left alone if it does not say.
const BUSY: Duration = Duration::from_secs(10);

/// What becomes of a message, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StatusWord {
    /// Handled.
    Ack,
    /// A transient failure.
    Retry,
    /// Tried again after the response's `Retry-After`, or after 10 s.
    Busy,
    /// A permanent failure.
    DeadLetter,
    /// Not wanted: the broker drops it, or dead-letters it if the queue says where to.
    Reject,
}

/// The framework's rules, and these above them.
pub(super) fn rules(words: &BTreeMap<String, StatusWord>) -> Result<StatusRules, String> {
    let mut rules = StatusRules::default();
    // Whole hundreds first: a single status wins over its hundred.
    let (hundreds, singles): (Vec<_>, Vec<_>) =
        words.iter().partition(|(status, _)| status.ends_with("xx"));
    for (status, word) in hundreds.into_iter().chain(singles) {
        rules = rules.on_all(statuses(status)?, rule(*word));
    }
    Ok(rules)
}

fn rule(word: StatusWord) -> StatusRule {
    match word {
        StatusWord::Ack => StatusRule::Ack,
        StatusWord::Retry => StatusRule::Retry,
        StatusWord::Busy => StatusRule::Busy(BUSY),
        StatusWord::DeadLetter => StatusRule::DeadLetter,
        StatusWord::Reject => StatusRule::Reject,
    }
}

fn statuses(text: &str) -> Result<RangeInclusive<u16>, String> {
    let wrong = || format!("`{text}` is no status, expected one as in `404` or `5xx`");
    if let Some(hundred) = text.strip_suffix("xx") {
        let hundred: u16 = hundred.parse().map_err(|_| wrong())?;
        return match hundred {
            1..=9 => Ok(hundred * 100..=hundred * 100 + 99),
            _ => Err(wrong()),
        };
    }
    match text.parse() {
        Ok(status @ 100..=999) => Ok(status..=status),
        Ok(_) | Err(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_wins_over_its_hundred() {
        let words =
            [("404", StatusWord::Ack), ("4xx", StatusWord::Retry), ("3xx", StatusWord::Busy)];
        let words = words.map(|(status, word)| (status.to_owned(), word)).into();
        let rules = rules(&words).unwrap();
        assert_eq!(rules.rule(404), StatusRule::Ack);
        assert_eq!(rules.rule(400), StatusRule::Retry);
        assert_eq!(rules.rule(302), StatusRule::Busy(BUSY));
        assert_eq!(rules.rule(500), StatusRule::Retry);
        assert_eq!(rules.rule(200), StatusRule::Ack);
    }

    #[test]
    fn what_is_no_status_is_told() {
        for wrong in ["", "xx", "0xx", "10xx", "99", "1000", "-1", "ok", "4x"] {
            assert!(statuses(wrong).is_err(), "{wrong}");
        }
    }
}
