//! What follows a failure where its handler says otherwise than its class.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::failure::{Class, Classify as _, Failure};
use crate::retry::RetryPolicy;
use crate::spans::Span;

/// The classes by the names that [`Errors`] and the configuration file know them by.
pub(crate) const CLASS_NAMES: [&str; 5] = ["transient", "permanent", "busy", "pause", "conflict"];

/// Which failures a rule is for: those of a class, or of a name, which wins.
///
/// From a text it is the class of that name, as in `"transient"`; any other text is the name of an
/// error, the one that its dead letters are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Errors {
    /// [`Class::Transient`]
    Transient,
    /// [`Class::Permanent`]
    Permanent,
    /// [`Class::Busy`]
    Busy,
    /// [`Class::Pause`]
    Pause,
    /// [`Class::Conflict`]
    Conflict,
    /// Errors of this [name](crate::Classify::name).
    Named(String),
}

/// What follows a failure: see [`Handler::on_error`](crate::Handler::on_error).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// It is tried again by this policy, also if it is permanent. One that is busy still waits for
    /// the time it asks for.
    Retry(RetryPolicy),
    /// It becomes a dead letter at once.
    DeadLetter,
    /// It is acknowledged and counted ([`HandlerStats::dropped`](crate::HandlerStats::dropped)):
    /// nothing is kept of it. Whoever waits for a reply is told.
    Drop,
    /// The handler stops for this time, as at [`Class::Pause`]; no attempt is counted.
    Pause(Duration),
}

/// The rules of one handler.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(Vec<(Errors, Rule)>);

impl Rules {
    /// A rule said later replaces one for the same failures.
    pub(crate) fn put(&mut self, errors: Errors, rule: Rule) {
        self.0.retain(|(known, _)| *known != errors);
        self.0.push((errors, rule));
    }

    /// Takes what is not said here already.
    pub(crate) fn put_behind(&mut self, rules: &Self) {
        for (errors, rule) in &rules.0 {
            if self.0.iter().all(|(known, _)| known != errors) {
                self.0.push((errors.clone(), *rule));
            }
        }
    }

    pub(crate) fn of(&self, failure: &Failure) -> Option<Rule> {
        let class = Errors::of_class(failure.class());
        let is_named =
            |errors: &Errors| matches!(errors, Errors::Named(name) if name == failure.name());
        let named = self.0.iter().find(|(errors, _)| is_named(errors));
        let found = named.or_else(|| self.0.iter().find(|(errors, _)| *errors == class));
        found.map(|(_, rule)| *rule)
    }

    /// Whether messages are to be held back for one of them.
    pub(crate) fn has_delays(&self) -> bool {
        self.0.iter().any(|(_, rule)| match rule {
            Rule::Retry(policy) => policy.has_delays(),
            Rule::DeadLetter | Rule::Drop | Rule::Pause(_) => false,
        })
    }
}

impl Errors {
    fn of_class(class: Class) -> Self {
        match class {
            Class::Transient => Self::Transient,
            Class::Permanent => Self::Permanent,
            Class::Busy(_) => Self::Busy,
            Class::Pause(_) => Self::Pause,
            Class::Conflict => Self::Conflict,
        }
    }
}

impl From<&str> for Errors {
    fn from(text: &str) -> Self {
        match text {
            "transient" => Self::Transient,
            "permanent" => Self::Permanent,
            "busy" => Self::Busy,
            "pause" => Self::Pause,
            "conflict" => Self::Conflict,
            name => Self::Named(name.to_owned()),
        }
    }
}

impl Display for Errors {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transient => f.write_str("transient"),
            Self::Permanent => f.write_str("permanent"),
            Self::Busy => f.write_str("busy"),
            Self::Pause => f.write_str("pause"),
            Self::Conflict => f.write_str("conflict"),
            Self::Named(name) => write!(f, "`{name}`"),
        }
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(policy) => policy.fmt(f),
            Self::DeadLetter => f.write_str("dead letter at once"),
            Self::Drop => f.write_str("dropped"),
            Self::Pause(pause) => write!(f, "handler stops for {}", Span(*pause)),
        }
    }
}

impl Display for Rules {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(errors, rule)| write!(f, "; {errors}: {rule}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(all: &[(&str, Rule)]) -> Rules {
        let mut rules = Rules::default();
        for (errors, rule) in all {
            rules.put((*errors).into(), *rule);
        }
        rules
    }

    #[test]
    fn a_name_wins_over_a_class_and_the_later_rule_over_the_earlier() {
        let pause = Rule::Pause(Duration::from_secs(30));
        let rules = rules(&[
            ("transient", Rule::Drop),
            ("bank-closed", pause),
            ("late", Rule::Drop),
            ("late", Rule::DeadLetter),
        ]);
        let of = |failure: Failure| rules.of(&failure);
        assert_eq!(of(Failure::transient("x")), Some(Rule::Drop));
        assert_eq!(of(Failure::transient("x").named("bank-closed")), Some(pause));
        assert_eq!(of(Failure::permanent("x").named("late")), Some(Rule::DeadLetter));
        assert_eq!(of(Failure::permanent("x")), None);
        assert_eq!(
            rules.to_string(),
            "; transient: dropped; `bank-closed`: handler stops for 30 s; `late`: dead letter at once"
        );
    }

    #[test]
    fn every_class_has_a_name() {
        for name in CLASS_NAMES {
            assert_eq!(Errors::from(name).to_string(), name);
        }
    }
}
