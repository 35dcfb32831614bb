//! Names for words of a routing key.
//!
//! A pattern names; it binds nothing.

use std::collections::BTreeMap;

/// `order.{region}.created`: words that must be there, words with a name, `*` for any word, and
/// `#` at the end for whatever follows.
#[derive(Debug, Clone)]
pub(super) struct Captures {
    words: Vec<Word>,
    is_open: bool,
}

#[derive(Debug, Clone)]
enum Word {
    Exactly(String),
    Named(String),
    Any,
}

/// Words of one routing key by their names.
pub(super) type Captured = BTreeMap<String, String>;

impl Captures {
    /// A pattern as written; an error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| Err(format!("captures that hold: `{text}`: {what}"));
        let mut words = Vec::new();
        let mut is_open = false;
        for word in text.split('.') {
            if is_open {
                return wrong("`#` stands at the end only");
            }
            let named = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            match (word, named) {
                ("#", _) => is_open = true,
                ("*", _) => words.push(Word::Any),
                (_, Some(name)) if is_name(name) => words.push(Word::Named(name.to_owned())),
                (word, _) if word.contains(['{', '}', '*', '#']) => {
                    return wrong("a word is text, `*`, `#` or `{name}`");
                }
                (word, _) => words.push(Word::Exactly(word.to_owned())),
            }
        }
        let captures = Self { words, is_open };
        let names: Vec<&str> = captures.names().collect();
        match names
            .iter()
            .enumerate()
            .find(|(at, name)| names.iter().skip(at + 1).any(|n| n == *name))
        {
            Some((_, name)) => wrong(&format!("`{name}` is there twice")),
            None => Ok(captures),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(|word| match word {
            Word::Named(name) => Some(name.as_str()),
            Word::Exactly(_) | Word::Any => None,
        })
    }

    /// The words with a name, if the key is as the pattern says.
    pub(super) fn of(&self, key: &str) -> Option<Captured> {
        let mut captured = Captured::new();
        let mut found = key.split('.').filter(|_| !key.is_empty());
        for word in &self.words {
            let text = found.next()?;
            match word {
                Word::Exactly(wanted) if wanted == text => {}
                Word::Exactly(_) => return None,
                Word::Named(name) => drop(captured.insert(name.clone(), text.to_owned())),
                Word::Any => {}
            }
        }
        (self.is_open || found.next().is_none()).then_some(captured)
    }
}

/// A letter or underscore, then letters, digits and underscores: no number, as those are words.
pub(super) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pattern: &str, key: &str) -> Option<String> {
        let captured = Captures::parse(pattern).unwrap().of(key)?;
        Some(
            captured
                .iter()
                .map(|(name, word)| format!("{name}={word}"))
                .collect::<Vec<_>>()
                .join(" "),
        )
    }

    #[test]
    fn words_get_the_names_of_the_pattern() {
        let pattern = "order.{region}.*.{event}";
        assert_eq!(captured(pattern, "order.eu.7.created").unwrap(), "event=created region=eu");
        assert_eq!(captured(pattern, "order.eu.7"), None);
        assert_eq!(captured(pattern, "order.eu.7.created.late"), None);
        assert_eq!(captured(pattern, "offer.eu.7.created"), None);
        assert_eq!(captured("order.{id}.#", "order.7.a.b").unwrap(), "id=7");
        assert_eq!(captured("order.{id}.#", "order.7").unwrap(), "id=7");
        assert_eq!(captured("#", "").unwrap(), "");
        assert_eq!(captured("{word}", ""), None);
    }

    #[test]
    fn a_wrong_pattern_is_told() {
        for wrong in ["#.a", "{1}", "a{b}", "{a}.{a}", "{", "a*"] {
            assert!(Captures::parse(wrong).is_err(), "{wrong}");
        }
    }
}
