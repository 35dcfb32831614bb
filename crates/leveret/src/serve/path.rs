//! A request's path from a template.
//!
//! Keeps true: what is filled in stays within its segment. It is percent-encoded, never empty,
//! and a segment that would read `.` or `..` is refused.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::captures::{Captured, Template, is_name};
use crate::message::Message;

/// RFC 3986, 2.3: what stays as it is, besides letters and digits.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The default exchange in a path: no other exchange can have this name.
const DEFAULT_EXCHANGE: &str = "amq.default";

/// An empty routing key, or an empty word of one.
const EMPTY: &str = "-";

/// `/{exchange}/{key}` and the like.
#[derive(Debug, Clone)]
pub(super) struct PathTemplate {
    segments: Vec<Segment>,
    captures: Vec<Template>,
}

#[derive(Debug, Clone)]
enum Segment {
    Parts(Vec<Part>),
    /// One segment for each word of the routing key.
    Words,
}

#[derive(Debug, Clone)]
enum Part {
    Literal(String),
    Exchange,
    Key,
    /// From zero.
    Word(usize),
    Captured(String),
}

/// A message has no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PathError {
    #[error("the routing key `{0}` is not as one of the captures says")]
    NoMatch(String),
    #[error("the routing key `{key}` has no word {number}")]
    NoWord { key: String, number: usize },
    #[error("a segment of the path would be `{0}`, which leaves it")]
    Dots(String),
}

impl PathTemplate {
    /// A template as written, with the patterns that name words; an error says what is wrong.
    pub(super) fn parse(text: &str, captures: &[String]) -> Result<Self, String> {
        let captures = captures
            .iter()
            .map(|pattern| {
                let wrong = |error| format!("captures that hold: `{pattern}`: {error}");
                Template::parse(pattern).map_err(wrong)
            })
            .collect::<Result<Vec<Template>, String>>()?;
        let wrong = |what: String| format!("a path that holds: `{text}`: {what}");
        let rest = text.strip_prefix('/').ok_or_else(|| wrong("begins with `/`".to_owned()))?;
        let segments = rest
            .split('/')
            .map(|segment| parse_segment(segment).map_err(wrong))
            .collect::<Result<Vec<Segment>, String>>()?;
        let template = Self { segments, captures };
        match template.unknown_name() {
            Some(name) => Err(wrong(format!("not all captures have a `{{{name}}}`"))),
            None => Ok(template),
        }
    }

    fn unknown_name(&self) -> Option<&str> {
        let parts = self.segments.iter().flat_map(|segment| match segment {
            Segment::Parts(parts) => parts.as_slice(),
            Segment::Words => &[],
        });
        let mut names = parts.filter_map(|part| match part {
            Part::Captured(name) => Some(name.as_str()),
            Part::Literal(_) | Part::Exchange | Part::Key | Part::Word(_) => None,
        });
        let has = |captures: &Template, name: &str| captures.names().any(|known| known == name);
        names.find(|name| {
            self.captures.is_empty() || !self.captures.iter().all(|captures| has(captures, name))
        })
    }

    /// The path of a message.
    pub(super) fn fill(&self, message: &Message) -> Result<String, PathError> {
        let key = message.routing_key();
        let captured = match self.captures.as_slice() {
            [] => Captured::new(),
            some => some
                .iter()
                .find_map(|captures| captures.captured(&key))
                .ok_or_else(|| PathError::NoMatch(key.to_string()))?,
        };
        let mut path = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Words => {
                    for word in message.routing_key.as_bytes().split(|byte| *byte == b'.') {
                        path.push('/');
                        push_encoded(&mut path, word, EMPTY);
                    }
                }
                Segment::Parts(parts) => {
                    path.push('/');
                    path.push_str(&fill_segment(parts, message, &captured)?);
                }
            }
        }
        Ok(path)
    }
}

fn fill_segment(
    parts: &[Part],
    message: &Message,
    captured: &Captured<'_>,
) -> Result<String, PathError> {
    let key = message.routing_key.as_bytes();
    let mut segment = String::new();
    for part in parts {
        match part {
            Part::Literal(text) => segment.push_str(text),
            Part::Exchange => {
                push_encoded(&mut segment, message.exchange.as_bytes(), DEFAULT_EXCHANGE);
            }
            Part::Key => push_encoded(&mut segment, key, EMPTY),
            Part::Word(index) => {
                let word = key.split(|byte| *byte == b'.').nth(*index);
                let word = word.ok_or_else(|| PathError::NoWord {
                    key: message.routing_key().into_owned(),
                    number: index + 1,
                })?;
                push_encoded(&mut segment, word, EMPTY);
            }
            Part::Captured(name) => {
                let word = captured.iter().find(|(known, _)| known == name);
                let word = word.map_or("", |(_, word)| *word);
                push_encoded(&mut segment, word.as_bytes(), EMPTY);
            }
        }
    }
    // Encoding would not help: `%2e%2e` is read as `..` by many.
    if matches!(segment.as_str(), "." | "..") { Err(PathError::Dots(segment)) } else { Ok(segment) }
}

fn push_encoded(out: &mut String, value: &[u8], if_empty: &str) {
    if value.is_empty() {
        out.push_str(if_empty);
    } else {
        out.extend(percent_encode(value, &ENCODED));
    }
}

fn parse_segment(text: &str) -> Result<Segment, String> {
    if text == "{words}" {
        return Ok(Segment::Words);
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("a `{` without its `}`")?;
        if !before.is_empty() {
            parts.push(Part::Literal(literal(before)?));
        }
        parts.push(parse_part(name)?);
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(literal(rest)?));
    }
    match parts.as_slice() {
        [Part::Literal(text)] if matches!(text.as_str(), "." | "..") => {
            Err(format!("a segment cannot be `{text}`"))
        }
        _ => Ok(Segment::Parts(parts)),
    }
}

fn parse_part(name: &str) -> Result<Part, String> {
    let number = name.parse::<usize>().ok().filter(|number| *number > 0);
    match (name, number) {
        ("exchange", _) => Ok(Part::Exchange),
        ("key", _) => Ok(Part::Key),
        ("words", _) => Err("`{words}` is a segment of its own".to_owned()),
        (_, Some(number)) => Ok(Part::Word(number - 1)),
        (name, None) if is_name(name) => Ok(Part::Captured(name.to_owned())),
        (name, None) => Err(format!(
            "`{{{name}}}` is none of `{{exchange}}`, `{{key}}`, `{{words}}`, `{{1}}`, or a name"
        )),
    }
}

/// RFC 3986, 3.3: characters that a segment may hold as they are, and no encoded ones.
fn literal(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(c);
    match text.chars().find(|c| !is_plain(*c)) {
        Some(c) => Err(format!("`{c}` cannot stand in a path")),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use leveret_protocol::{Properties, ShortStr};

    use super::*;

    fn message(exchange: &[u8], key: &[u8]) -> Message {
        let mut message = Message::new("", Properties::default(), "");
        message.exchange = ShortStr::new(exchange.to_vec()).unwrap();
        message.routing_key = ShortStr::new(key.to_vec()).unwrap();
        message
    }

    fn template(text: &str, captures: &[String]) -> PathTemplate {
        PathTemplate::parse(text, captures).unwrap()
    }

    fn path(template_text: &str, captures: &[&str], key: &str) -> Result<String, PathError> {
        let captures: Vec<String> = captures.iter().map(ToString::to_string).collect();
        template(template_text, &captures).fill(&message(b"shop", key.as_bytes()))
    }

    #[test]
    fn a_path_names_exchange_key_and_words() {
        let key = "order.eu.created";
        assert_eq!(path("/{exchange}/{key}", &[], key).unwrap(), "/shop/order.eu.created");
        assert_eq!(path("/{exchange}/{words}", &[], key).unwrap(), "/shop/order/eu/created");
        assert_eq!(path("/v1/{2}-{1}/{3}", &[], key).unwrap(), "/v1/eu-order/created");
        let captures = ["order.{region}.{event}", "{event}.{region}"];
        assert_eq!(path("/{region}/{event}", &captures, key).unwrap(), "/eu/created");
        assert_eq!(path("/{region}/{event}", &captures, "sold.us").unwrap(), "/us/sold");
        assert_eq!(path("/", &[], key).unwrap(), "/");
    }

    #[test]
    fn nothing_leaves_its_segment() {
        let encoded = path("/{exchange}/{key}", &[], "../a?b#c%2f\r\nx y").unwrap();
        assert_eq!(encoded, "/shop/..%2Fa%3Fb%23c%252f%0D%0Ax%20y");
        assert_eq!(path("/{key}", &[], ".."), Err(PathError::Dots("..".to_owned())));
        assert_eq!(path("/{key}.", &[], "."), Err(PathError::Dots("..".to_owned())));
        assert_eq!(path("/{words}", &[], "..").unwrap(), "/-/-/-");
        let template = template("/{exchange}/{key}", &[]);
        assert_eq!(template.fill(&message(b"", b"")).unwrap(), "/amq.default/-");
        assert_eq!(template.fill(&message(b"\xff", b"\0")).unwrap(), "/%FF/%00");
        for key in [&b"\xff\xfe"[..], b"\0", b"//", b"%", b"\"<>^`{|}", b"a b"] {
            let filled = template.fill(&message(key, key)).unwrap();
            let uri: http::Uri = filled.parse().unwrap();
            assert_eq!(uri.path(), filled);
            assert_eq!(uri.path().split('/').count(), 3, "{filled}");
            assert_eq!(uri.query(), None);
        }
    }

    #[test]
    fn a_key_without_what_the_path_needs_is_told() {
        let missing = PathError::NoWord { key: "a.b".to_owned(), number: 3 };
        assert_eq!(path("/{3}", &[], "a.b"), Err(missing));
        let unlike = PathError::NoMatch("a".to_owned());
        assert_eq!(path("/{x}", &["b.{x}"], "a"), Err(unlike));
    }

    #[test]
    fn a_wrong_template_is_told() {
        for wrong in
            ["", "a", "/{", "/{0}", "/{no-name}", "/a?b", "/a b", "/..", "/%2e", "/a{words}"]
        {
            assert!(PathTemplate::parse(wrong, &[]).is_err(), "{wrong}");
        }
        assert!(PathTemplate::parse("/{region}", &[]).is_err());
        let some = ["{region}".to_owned(), "{other}".to_owned()];
        assert!(PathTemplate::parse("/{region}", &some).is_err());
    }
}
