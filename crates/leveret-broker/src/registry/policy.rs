//! Policies: settings for all queues and exchanges whose names match a pattern.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::pattern::Pattern;

/// The longest time in milliseconds: `RabbitMQ`'s ten years.
const MILLIS_MAX: u64 = 10 * 365 * 24 * 60 * 60 * 1000;

/// One policy, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Policy {
    pub(crate) pattern: Pattern,
    #[serde(default)]
    pub(crate) apply_to: ApplyTo,
    #[serde(default)]
    pub(crate) priority: i64,
    pub(crate) definition: Map<String, Value>,
}

/// Whose policy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    /// Of those who use the broker.
    User,
    /// Of those who run it: where both set a number, the lower holds.
    Operator,
}

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApplyTo {
    #[default]
    All,
    Queues,
    ClassicQueues,
    QuorumQueues,
    Streams,
    Exchanges,
}

impl ApplyTo {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Queues => "queues",
            Self::ClassicQueues => "classic_queues",
            Self::QuorumQueues => "quorum_queues",
            Self::Streams => "streams",
            Self::Exchanges => "exchanges",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        const ALL: [ApplyTo; 6] = [
            ApplyTo::All,
            ApplyTo::Queues,
            ApplyTo::ClassicQueues,
            ApplyTo::QuorumQueues,
            ApplyTo::Streams,
            ApplyTo::Exchanges,
        ];
        ALL.into_iter().find(|known| known.name() == name).ok_or_else(|| {
            let names = ALL.map(Self::name).join(", ");
            format!("`{name}` is nothing that a policy can apply to, wanted one of {names}")
        })
    }
}

/// What a key of a definition may be set to.
enum Wanted {
    Millis {
        least: u64,
    },
    Number,
    Integer,
    Text,
    OneOf(&'static [&'static str]),
    /// Accepted from old definitions, and without effect.
    Ignored,
}

const KEYS: [(&str, Wanted); 24] = [
    ("expires", Wanted::Millis { least: 1 }),
    ("message-ttl", Wanted::Millis { least: 0 }),
    ("max-length", Wanted::Number),
    ("max-length-bytes", Wanted::Number),
    ("delivery-limit", Wanted::Integer),
    ("consumer-timeout", Wanted::Number),
    ("overflow", Wanted::OneOf(&["drop-head", "reject-publish", "reject-publish-dlx"])),
    ("dead-letter-exchange", Wanted::Text),
    ("dead-letter-routing-key", Wanted::Text),
    ("dead-letter-strategy", Wanted::OneOf(&["at-most-once", "at-least-once"])),
    ("alternate-exchange", Wanted::Text),
    ("queue-mode", Wanted::OneOf(&["default", "lazy"])),
    ("queue-version", Wanted::Ignored),
    ("queue-master-locator", Wanted::Ignored),
    ("queue-leader-locator", Wanted::Ignored),
    ("ha-mode", Wanted::Ignored),
    ("ha-params", Wanted::Ignored),
    ("ha-sync-mode", Wanted::Ignored),
    ("ha-sync-batch-size", Wanted::Ignored),
    ("ha-promote-on-shutdown", Wanted::Ignored),
    ("ha-promote-on-failure", Wanted::Ignored),
    ("max-in-memory-length", Wanted::Ignored),
    ("max-in-memory-bytes", Wanted::Ignored),
    ("max-age", Wanted::Ignored),
];

/// The keys of operator policies: what bounds a queue.
const OPERATOR_KEYS: [&str; 8] = [
    "expires",
    "message-ttl",
    "max-length",
    "max-length-bytes",
    "delivery-limit",
    "consumer-timeout",
    "max-in-memory-length",
    "max-in-memory-bytes",
];

impl Policy {
    /// The keys that are taken from old definitions and change nothing.
    pub(crate) fn ignored_keys(&self) -> impl Iterator<Item = &str> {
        let is_ignored = |key: &&str| {
            KEYS.iter().any(|(name, wanted)| name == key && matches!(wanted, Wanted::Ignored))
        };
        self.definition.keys().map(String::as_str).filter(is_ignored)
    }

    /// Refuses keys and values that mean nothing.
    pub(crate) fn check(&self, kind: PolicyKind) -> Result<(), String> {
        if self.definition.is_empty() {
            return Err("the policy's definition is empty".to_owned());
        }
        for (key, value) in &self.definition {
            let known = KEYS.iter().find(|(name, _)| name == key);
            let Some((_, wanted)) = known else {
                let names = KEYS.map(|(name, _)| name).join(", ");
                return Err(format!("`{key}` is no key of a policy, known are {names}"));
            };
            if kind == PolicyKind::Operator && !OPERATOR_KEYS.contains(&key.as_str()) {
                let names = OPERATOR_KEYS.join(", ");
                return Err(format!("`{key}` is no key of an operator policy, known are {names}"));
            }
            wanted.check(value).map_err(|wanted| format!("`{key}` is {value}, wanted {wanted}"))?;
        }
        let has = |key| self.definition.contains_key(key);
        if has("dead-letter-routing-key") && !has("dead-letter-exchange") {
            return Err(
                "`dead-letter-routing-key` is there without `dead-letter-exchange`".to_owned()
            );
        }
        Ok(())
    }
}

impl Wanted {
    fn check(&self, value: &Value) -> Result<(), String> {
        let is_fine = match self {
            Self::Millis { least } => {
                value.as_u64().is_some_and(|millis| (*least..=MILLIS_MAX).contains(&millis))
            }
            Self::Number => value.as_u64().is_some_and(|number| i64::try_from(number).is_ok()),
            Self::Integer => value.as_i64().is_some(),
            Self::Text => value.as_str().is_some_and(|text| text.len() <= 255),
            Self::OneOf(choices) => value.as_str().is_some_and(|text| choices.contains(&text)),
            Self::Ignored => true,
        };
        if is_fine { Ok(()) } else { Err(self.describe()) }
    }

    fn describe(&self) -> String {
        match self {
            Self::Millis { least } => format!("milliseconds from {least} to {MILLIS_MAX}"),
            Self::Number => "a whole number, not negative".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::Text => "a text of at most 255 bytes".to_owned(),
            Self::OneOf(choices) => format!("one of {}", choices.join(", ")),
            Self::Ignored => "anything".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: PolicyKind, definition: &str, expected: Result<(), &str>) {
        let definition = serde_json::from_str(definition).unwrap();
        let (pattern, apply_to) = (Pattern::everything(), ApplyTo::All);
        let checked = Policy { pattern, apply_to, priority: 0, definition }.check(kind);
        let told = checked.as_ref().map_err(|text| text.split(", known").next().unwrap());
        assert_eq!(told.copied(), expected);
    }

    #[test]
    fn a_definition_is_checked_key_by_key() {
        check(PolicyKind::User, r#"{"message-ttl":0,"overflow":"drop-head"}"#, Ok(()));
        check(PolicyKind::User, r#"{"ha-mode":"all","queue-mode":"lazy"}"#, Ok(()));
        check(PolicyKind::User, r"{}", Err("the policy's definition is empty"));
        check(PolicyKind::User, r#"{"max-lenght":1}"#, Err("`max-lenght` is no key of a policy"));
        check(
            PolicyKind::User,
            r#"{"expires":0}"#,
            Err("`expires` is 0, wanted milliseconds from 1 to 315360000000"),
        );
        check(
            PolicyKind::User,
            r#"{"max-length":"10"}"#,
            Err("`max-length` is \"10\", wanted a whole number, not negative"),
        );
        check(
            PolicyKind::User,
            r#"{"overflow":"bogus"}"#,
            Err(
                "`overflow` is \"bogus\", wanted one of drop-head, reject-publish, reject-publish-dlx",
            ),
        );
        check(
            PolicyKind::User,
            r#"{"dead-letter-routing-key":"k"}"#,
            Err("`dead-letter-routing-key` is there without `dead-letter-exchange`"),
        );
        check(PolicyKind::Operator, r#"{"max-length":5}"#, Ok(()));
        check(
            PolicyKind::Operator,
            r#"{"dead-letter-exchange":"x"}"#,
            Err("`dead-letter-exchange` is no key of an operator policy"),
        );
    }
}
