//! A pattern of a permission or policy: an unanchored regular expression.
//!
//! Matching takes time linear in the name; compiling is bounded in space. What only a backtracking
//! matcher can do (look-around, back-references) is refused.

use std::{borrow::Cow, fmt};

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// Bytes of one pattern's text.
const TEXT_BYTES_MAX: usize = 4_096;

/// Bytes of one compiled pattern.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Groups within groups of one pattern.
const NESTING_MAX: u32 = 50;

/// A pattern, ready to match.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Pattern {
    text: String,
    matcher: Matcher,
}

#[derive(Clone)]
enum Matcher {
    /// The empty pattern matches only the empty name.
    Empty,
    Everything,
    Regex(Regex),
}

impl Pattern {
    /// Compiles a pattern; says what is wrong with it otherwise.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let matcher = match text {
            "" => Matcher::Empty,
            ".*" => Matcher::Everything,
            text if text.len() > TEXT_BYTES_MAX => {
                let bytes = text.len();
                return Err(format!(
                    "a pattern of {bytes} bytes, at most {TEXT_BYTES_MAX} are allowed"
                ));
            }
            text => Matcher::Regex(compile(text)?),
        };
        Ok(Self { text: text.to_owned(), matcher })
    }

    /// The pattern that matches every name.
    pub(crate) fn everything() -> Self {
        Self { text: ".*".to_owned(), matcher: Matcher::Everything }
    }

    /// The pattern that matches no name.
    pub(crate) fn nothing() -> Self {
        Self { text: String::new(), matcher: Matcher::Empty }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        match &self.matcher {
            Matcher::Empty => name.is_empty(),
            Matcher::Everything => true,
            Matcher::Regex(regex) => regex.is_match(name),
        }
    }

    /// The same with `{username}` and `{vhost}` standing for those names, literally.
    pub(crate) fn expanded(&self, user: &str, virtual_host: &str) -> Cow<'_, Self> {
        if !self.text.contains('{') {
            return Cow::Borrowed(self);
        }
        let text = self
            .text
            .replace("{username}", &regex::escape(user))
            .replace("{vhost}", &regex::escape(virtual_host));
        // What a long name makes too large to compile matches nothing.
        Cow::Owned(Self::parse(&text).unwrap_or_else(|_| Self::nothing()))
    }
}

/// A brace that begins a variable is none of the expression language.
fn compile(text: &str) -> Result<Regex, String> {
    let plain = ["{username}", "{vhost}", "{client_id}"]
        .iter()
        .fold(text.to_owned(), |text, variable| text.replace(variable, &regex::escape(variable)));
    RegexBuilder::new(&plain)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .nest_limit(NESTING_MAX)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default();
            format!("not a regular expression: {}", reason.trim_start_matches("error: "))
        })
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, formatter)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(name.as_bytes())
    }

    #[test]
    fn patterns_are_not_anchored_and_an_empty_one_matches_only_the_empty_name() {
        for (pattern, name, expected) in [
            ("", "", true),
            ("", "jobs", false),
            ("^$", "jobs", false),
            (".*", "jobs", true),
            (".*", "", true),
            ("ob", "jobs", true),
            ("^ob", "jobs", false),
            ("^(jobs|amq\\.default)$", "amq.default", true),
            ("^(jobs|amq\\.default)$", "amq-default", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern:?} on {name:?}");
        }
    }

    #[test]
    fn what_costs_too_much_or_is_no_expression_is_refused() {
        for (pattern, part) in [
            ("(", "not a regular expression"),
            ("(?=jobs)", "look-around"),
            ("((((a{100}){100}){100}){100})", "not a regular expression"),
        ] {
            let refused = Pattern::parse(pattern).unwrap_err();
            assert!(refused.contains(part), "{pattern}: {refused}");
        }
        assert!(Pattern::parse(&"a".repeat(5_000)).unwrap_err().contains("at most 4096"));
    }

    #[test]
    fn variables_are_names_and_not_patterns() {
        let pattern = Pattern::parse("^{username}\\.{vhost}\\.").unwrap();
        let expanded = pattern.expanded("a.b", "/");
        assert!(expanded.matches(b"a.b./.x"));
        assert!(!expanded.matches(b"axb./.x"));
        assert!(pattern.expanded(".*", "/").matches(b".*./.x"));
        assert!(!pattern.expanded(".*", "/").matches(b"a./.x"));
    }
}
