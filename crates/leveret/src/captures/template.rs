//! A binding key with named words: `orders.{region}.created`.

use super::Captured;

/// A binding key, word by word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Word>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Exactly(String),
    /// `*` or `{name}`
    One(Option<String>),
    /// `#` or `{name..}`
    Many(Option<String>),
}

/// A word of a binding key that is neither plain nor a capture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error(
        "`{0}` captures nothing: write `{{name}}` for one word between dots, `{{name..}}` for any number"
    )]
    Word(String),
    #[error("two words are named `{0}`: give each its own name")]
    Twice(String),
}

impl Template {
    pub(crate) fn parse(key: &str) -> Result<Self, TemplateError> {
        let template = Self(parts(key).into_iter().map(word).collect::<Result<_, _>>()?);
        let mut seen = Vec::new();
        for name in template.names() {
            if seen.contains(&name) {
                return Err(TemplateError::Twice(name.to_owned()));
            }
            seen.push(name);
        }
        Ok(template)
    }

    /// The key as a broker knows it.
    pub(crate) fn pattern(&self) -> String {
        let words = self.0.iter().map(|word| match word {
            Word::Exactly(text) => text.as_str(),
            Word::One(_) => "*",
            Word::Many(_) => "#",
        });
        words.collect::<Vec<&str>>().join(".")
    }

    /// The names of what it captures.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|word| match word {
            Word::Exactly(_) => None,
            Word::One(name) | Word::Many(name) => name.as_deref(),
        })
    }

    /// The captured words of a routing key; nothing if it is not as the template says.
    pub(crate) fn captured<'a>(&'a self, key: &'a str) -> Option<Captured<'a>> {
        let given: Vec<&str> = split(key).collect();
        let fits = self.fits(&given);
        let mut captured = Vec::new();
        let mut at = 0;
        if !fits.get(0, 0) {
            return None;
        }
        for (number, word) in self.0.iter().enumerate() {
            let (name, count) = match word {
                Word::Exactly(_) => (None, 1),
                Word::One(name) => (name.as_deref(), 1),
                Word::Many(name) => {
                    let count = (0..=given.len() - at)
                        .find(|count| fits.get(number + 1, at + count))
                        .unwrap_or_default();
                    (name.as_deref(), count)
                }
            };
            if let Some(name) = name {
                captured.push((name, between(key, &given, at, count)));
            }
            at += count;
        }
        Some(captured)
    }

    /// For each pair of positions whether the rest of the key fits the rest of the template: no
    /// key takes longer than its words times the template's.
    fn fits(&self, given: &[&str]) -> Fits {
        let width = given.len() + 1;
        let mut fits = Fits { width, table: vec![false; width * (self.0.len() + 1)] };
        fits.set(self.0.len(), given.len());
        for (number, word) in self.0.iter().enumerate().rev() {
            for at in (0..=given.len()).rev() {
                let is_fit = match word {
                    Word::Exactly(text) => {
                        given.get(at).is_some_and(|given| given == text)
                            && fits.get(number + 1, at + 1)
                    }
                    Word::One(_) => at < given.len() && fits.get(number + 1, at + 1),
                    Word::Many(_) => {
                        fits.get(number + 1, at) || (at < given.len() && fits.get(number, at + 1))
                    }
                };
                if is_fit {
                    fits.set(number, at);
                }
            }
        }
        fits
    }
}

struct Fits {
    width: usize,
    table: Vec<bool>,
}

impl Fits {
    fn get(&self, word: usize, at: usize) -> bool {
        self.table.get(word * self.width + at).copied().unwrap_or_default()
    }

    fn set(&mut self, word: usize, at: usize) {
        if let Some(place) = self.table.get_mut(word * self.width + at) {
            *place = true;
        }
    }
}

/// The words of a key; an empty key has none.
fn split(key: &str) -> impl Iterator<Item = &str> {
    key.split('.').filter(move |_| !key.is_empty())
}

fn word(text: &str) -> Result<Word, TemplateError> {
    match text {
        "*" => return Ok(Word::One(None)),
        "#" => return Ok(Word::Many(None)),
        _ if !text.contains(['{', '}']) => return Ok(Word::Exactly(text.to_owned())),
        _ => {}
    }
    let wrong = || TemplateError::Word(text.to_owned());
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).ok_or_else(wrong)?;
    let many = inner.strip_suffix("..");
    match many {
        _ if !is_name(many.unwrap_or(inner)) => Err(wrong()),
        Some(name) => Ok(Word::Many(Some(name.to_owned()))),
        None => Ok(Word::One(Some(inner.to_owned()))),
    }
}

/// A letter or underscore, then letters, digits and underscores: no number, as those are words.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The words of a key in which dots within braces separate nothing.
fn parts(key: &str) -> Vec<&str> {
    let mut is_inside = false;
    let is_edge = |c: char| {
        is_inside = c == '{' || (is_inside && c != '}');
        c == '.' && !is_inside
    };
    if key.is_empty() { Vec::new() } else { key.split(is_edge).collect() }
}

/// The part of a key that these of its words make up.
fn between<'a>(key: &'a str, words: &[&str], at: usize, count: usize) -> &'a str {
    let bytes = |words: &[&str]| words.iter().map(|word| word.len()).sum::<usize>();
    let before = words.get(..at).map_or(0, |before| bytes(before) + at);
    let inside = words.get(at..at + count).map_or(0, |inside| bytes(inside) + count);
    key.get(before..before + inside.saturating_sub(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, key: &str, wanted: Option<&[(&str, &str)]>) {
        let template = Template::parse(template).unwrap();
        assert_eq!(template.captured(key).as_deref(), wanted, "{template:?}, {key}");
    }

    #[test]
    fn names_become_what_a_broker_knows() {
        let pattern = |key| Template::parse(key).unwrap().pattern();
        assert_eq!(pattern("orders.{region}.created"), "orders.*.created");
        assert_eq!(pattern("{rest..}"), "#");
        assert_eq!(pattern("*.{a}.#.{b_2..}.c"), "*.*.#.#.c");
        assert_eq!(pattern(""), "");
    }

    #[test]
    fn words_are_captured_by_their_place() {
        let template = "orders.{region}.{id}";
        check(template, "orders.eu.7", Some(&[("region", "eu"), ("id", "7")]));
        check(template, "orders.eu", None);
        check(template, "orders.eu.7.8", None);
        check(template, "mails.eu.7", None);
        check("{a}", "", None);
        check("{a}.x", ".x", Some(&[("a", "")]));
    }

    #[test]
    fn many_words_may_be_none() {
        check("{rest..}", "", Some(&[("rest", "")]));
        check("{rest..}", "a.b.c", Some(&[("rest", "a.b.c")]));
        check("a.{rest..}", "a", Some(&[("rest", "")]));
        check(
            "{rest..}.log.{level}",
            "a.log.b.log.info",
            Some(&[("rest", "a.log.b"), ("level", "info")]),
        );
        check("#.{last}", "a.b.c", Some(&[("last", "c")]));
        check("{first..}.x.{then..}", "x.x", Some(&[("first", ""), ("then", "x")]));
    }

    #[test]
    fn a_key_of_many_words_is_matched_in_no_time() {
        let template = "#.a".repeat(40);
        let key = "a.".repeat(120) + "b";
        check(&template.replace("a#", "a.#"), &key, None);
    }

    #[test]
    fn a_slip_is_told() {
        let check_error = |key: &str, wanted: &str| {
            let error = Template::parse(key).unwrap_err();
            assert_eq!(error.to_string(), wanted);
        };
        for word in ["{", "{}", "{..}", "{a b}", "x{a}", "{a.}", "{a..b}", "{a.b"] {
            check_error(
                &format!("orders.{word}"),
                &format!(
                    "`{word}` captures nothing: write `{{name}}` for one word between dots, `{{name..}}` for any number"
                ),
            );
        }
        check_error("{a}.{a}", "two words are named `a`: give each its own name");
    }
}
