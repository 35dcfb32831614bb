//! What an exit code means.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::time::Duration;

use leveret::{Effects, Failure, Outcome};
use serde::Deserialize;

use crate::process::told;

/// How long a handler stops at an exit code that pauses it.
const PAUSE: Duration = Duration::from_secs(30);

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ExitRule {
    /// Handled; what was written is its output.
    Ack,
    /// A transient failure: tried again by the handler's policy.
    Retry,
    /// Not wanted: the broker drops it, or dead-letters it if the queue says where to.
    Reject,
    /// A permanent failure: a dead letter.
    DeadLetter,
    /// The handler stops for half a minute; the message keeps its place.
    Pause,
}

/// Which exit code means what. Unless told otherwise, as rabbitmq-cli-consumer has it: 0
/// acknowledges, 3 and 5 reject, 4 and 6 give back; all others are tried again too.
#[derive(Debug)]
pub(super) struct ExitRules {
    own: BTreeMap<u8, ExitRule>,
    otherwise: ExitRule,
}

impl ExitRules {
    pub(super) fn new(words: &BTreeMap<String, ExitRule>, is_strict: bool) -> Result<Self, String> {
        let wrong = |code: &str| format!("`{code}` is no exit code, expected 0 to 255");
        let own = words
            .iter()
            .map(|(code, rule)| Ok((code.parse().map_err(|_| wrong(code))?, *rule)))
            .collect::<Result<_, String>>()?;
        let otherwise = if is_strict { ExitRule::Pause } else { ExitRule::Retry };
        Ok(Self { own, otherwise })
    }

    fn rule(&self, status: ExitStatus) -> ExitRule {
        // Without a code a signal has ended it.
        let Some(code) = status.code().and_then(|code| u8::try_from(code).ok()) else {
            return ExitRule::Retry;
        };
        let own = self.own.get(&code).copied();
        own.unwrap_or(match code {
            0 => ExitRule::Ack,
            3 | 5 => ExitRule::Reject,
            4 | 6 => ExitRule::Retry,
            _ => self.otherwise,
        })
    }

    /// Nothing if the message is handled; else what becomes of it, with the program's last words.
    pub(super) fn verdict(&self, status: ExitStatus, last_words: &str) -> Result<(), Effects> {
        let (how, name) = told(status);
        let text = format!("{how}{last_words}");
        let failure = match self.rule(status) {
            ExitRule::Ack => return Ok(()),
            ExitRule::Reject => return Err(Effects::of(Outcome::Reject)),
            ExitRule::Retry => Failure::transient(text),
            ExitRule::DeadLetter => Failure::permanent(text),
            ExitRule::Pause => Failure::pause(PAUSE, text),
        };
        Err(Effects::of(Err::<(), _>(failure.named(name))))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn codes_mean_what_they_mean_to_rabbitmq_cli_consumer() {
        let rules = |is_strict| {
            let own = [("10".to_owned(), ExitRule::DeadLetter), ("3".to_owned(), ExitRule::Ack)];
            let rules = ExitRules::new(&own.into(), is_strict).unwrap();
            move |code: i32| rules.rule(ExitStatus::from_raw(code << 8))
        };
        let lax = rules(false);
        assert_eq!([0, 3, 5].map(&lax), [ExitRule::Ack, ExitRule::Ack, ExitRule::Reject]);
        assert_eq!([4, 6, 1, 255].map(&lax), [ExitRule::Retry; 4]);
        assert_eq!(lax(10), ExitRule::DeadLetter);
        let strict = rules(true);
        assert_eq!([4, 6].map(&strict), [ExitRule::Retry; 2]);
        assert_eq!([1, 2, 255].map(&strict), [ExitRule::Pause; 3]);
    }

    #[test]
    fn a_signal_is_tried_again_even_when_strict() {
        let rules = ExitRules::new(&BTreeMap::new(), true).unwrap();
        assert_eq!(rules.rule(ExitStatus::from_raw(9)), ExitRule::Retry);
        assert!(ExitRules::new(&[("256".to_owned(), ExitRule::Ack)].into(), false).is_err());
    }
}
