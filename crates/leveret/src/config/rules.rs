//! What a configuration says of a handler's failures.

use std::fmt;

use leveret_settings::nearest;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::error::ConfigError;
use super::retry::RawRetry;
use super::source::Source;
use crate::rules::{CLASS_NAMES, Errors, Rule};

const FORMS: &str =
    "`\"dead-letter\"`, `\"drop\"`, `{ retry = { attempts = 5 } }` or `{ pause = \"30s\" }`";

/// A word, or a table.
#[derive(Debug)]
pub(super) enum RawRule {
    Word(String),
    Table(Box<RawTable>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawTable {
    retry: Option<RawRetry>,
    pause: Option<Spanned<String>>,
}

impl<'de> Deserialize<'de> for RawRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RuleVisitor)
    }
}

struct RuleVisitor;

impl<'de> Visitor<'de> for RuleVisitor {
    type Value = RawRule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMS)
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<RawRule, E> {
        Ok(RawRule::Word(word.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawRule, A::Error> {
        let table = RawTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawRule::Table(Box::new(table)))
    }
}

impl Source<'_> {
    pub(super) fn rule(
        self,
        errors: &Spanned<String>,
        raw: Spanned<RawRule>,
    ) -> Result<(Errors, Rule), ConfigError> {
        let name = errors.get_ref().as_str();
        let found = Errors::from(name);
        // A name that is almost a class is more likely a slip than an error's name.
        if let (Errors::Named(_), Some(class)) = (&found, nearest(name, CLASS_NAMES)) {
            let error = self.at(errors, format!("`{name}` is no class of errors"));
            return Err(error.suggest(Some(format!("did you mean `{class}`?"))));
        }
        let place = raw.span();
        let wrong = |text: String| {
            let error = self.0.error(place.clone(), text);
            error.suggest(Some(format!("expected {FORMS}")))
        };
        let rule = match raw.into_inner() {
            RawRule::Word(word) => match word.as_str() {
                "dead-letter" => Rule::DeadLetter,
                "drop" => Rule::Drop,
                other => return Err(wrong(format!("unknown rule `{other}`"))),
            },
            RawRule::Table(table) => match (table.retry, self.span(table.pause)?) {
                (Some(retry), None) => Rule::Retry(self.retry(retry)?),
                (None, Some(pause)) => Rule::Pause(pause),
                (None, None) => return Err(wrong("a rule that says nothing".to_owned())),
                (Some(_), Some(_)) => {
                    return Err(wrong("a rule either tries again or pauses".to_owned()));
                }
            },
        };
        Ok((found, rule))
    }
}
