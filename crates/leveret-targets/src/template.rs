//! Text with places that a message fills.
//!
//! Who fills a template says how each value is encoded, so that none leaves its place.

use std::borrow::Cow;

use leveret::Message;

use crate::delivery::Delivery;

/// `orders-{key}` and the like.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Place(Place),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Exchange,
    Key,
    /// One word of the routing key, from zero.
    Word(usize),
    MessageId,
    CorrelationId,
    Kind,
    Header(String),
    Captured(String),
}

/// A message does not have what a template needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message has no {0}")]
pub(crate) struct Missing(String);

impl Template {
    /// A template as written; an error says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or("a `{` without its `}`")?;
            parts.push(Part::Literal(before.to_owned()));
            parts.push(Part::Place(place(name)?));
            rest = after;
        }
        parts.push(Part::Literal(rest.to_owned()));
        parts.retain(|part| *part != Part::Literal(String::new()));
        Ok(Self { parts })
    }

    /// What it holds besides places, in one piece with `x` for each place.
    pub(crate) fn outline(&self) -> String {
        let text = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Place(_) => "x".to_owned(),
        };
        self.parts.iter().map(text).collect()
    }

    /// The text for a message, each value as `encode` gives it.
    pub(crate) fn fill(
        &self,
        delivery: &Delivery,
        encode: impl Fn(&str) -> String,
    ) -> Result<String, Missing> {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => filled.push_str(text),
                Part::Place(place) => filled.push_str(&encode(&place.value(delivery)?)),
            }
        }
        Ok(filled)
    }
}

impl Place {
    fn value<'a>(&'a self, delivery: &'a Delivery) -> Result<Cow<'a, str>, Missing> {
        let message = delivery.message();
        let properties = message.properties();
        let owned = |text: Option<leveret::ShortStr>| {
            text.map(|text| Cow::Owned(text.to_string_lossy().into_owned()))
        };
        let value = match self {
            Self::Exchange => Some(message.exchange()),
            Self::Key => Some(message.routing_key()),
            Self::Word(index) => word(message, *index),
            Self::MessageId => owned(properties.message_id()),
            Self::CorrelationId => owned(properties.correlation_id()),
            Self::Kind => owned(properties.kind()),
            Self::Header(name) => message.header_text(name).map(Cow::Owned),
            Self::Captured(name) => delivery.captures().get(name).map(|word| word.as_str().into()),
        };
        value.ok_or_else(|| Missing(self.told(message)))
    }

    fn told(&self, message: &Message) -> String {
        match self {
            Self::Exchange => "exchange".to_owned(),
            Self::Key => "routing key".to_owned(),
            Self::Word(index) => {
                format!("word {} in its routing key `{}`", index + 1, message.routing_key())
            }
            Self::MessageId => "message-id".to_owned(),
            Self::CorrelationId => "correlation-id".to_owned(),
            Self::Kind => "type".to_owned(),
            Self::Header(name) => format!("header `{name}` that is text"),
            Self::Captured(name) => format!("word that a binding names `{name}`"),
        }
    }
}

fn word(message: &Message, index: usize) -> Option<Cow<'_, str>> {
    match message.routing_key() {
        Cow::Borrowed(key) => key.split('.').nth(index).map(Cow::Borrowed),
        Cow::Owned(key) => key.split('.').nth(index).map(|word| Cow::Owned(word.to_owned())),
    }
}

fn place(name: &str) -> Result<Place, String> {
    let number = name.parse::<usize>().ok().filter(|number| *number > 0);
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match (name, number, name.strip_prefix("header.")) {
        ("exchange", ..) => Ok(Place::Exchange),
        ("key", ..) => Ok(Place::Key),
        ("message-id", ..) => Ok(Place::MessageId),
        ("correlation-id", ..) => Ok(Place::CorrelationId),
        ("type", ..) => Ok(Place::Kind),
        (_, Some(number), _) => Ok(Place::Word(number - 1)),
        (_, None, Some(header)) if !header.is_empty() => Ok(Place::Header(header.to_owned())),
        (name, None, None) if is_name(name) => Ok(Place::Captured(name.to_owned())),
        _ => Err(format!(
            "`{{{name}}}` is none of `{{exchange}}`, `{{key}}`, `{{1}}`, `{{message-id}}`, \
             `{{correlation-id}}`, `{{type}}`, `{{header.NAME}}`, or a word that a binding names"
        )),
    }
}
