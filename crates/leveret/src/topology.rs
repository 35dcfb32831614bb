//! What a handler declares before it consumes: its queue, exchanges, bindings.
//!
//! Everything declared is durable and declared again after each reconnect; declaring what is
//! already there changes nothing.

use leveret_protocol::{FieldTable, FieldValue, ShortStr};

use crate::captures::{Template, TemplateError};

/// One consumer at a time: the next takes over when it is gone.
const SINGLE_ACTIVE: &str = "x-single-active-consumer";

/// A queue with its arguments; integers stay integers.
///
/// ```
/// use leveret::Queue;
///
/// let queue = Queue::new("jobs").argument("x-max-length", 10_000).argument("x-queue-type", "quorum");
/// assert_eq!(queue.name(), "jobs");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    name: String,
    arguments: Vec<(String, FieldValue)>,
    presence: Presence,
}

/// Who makes sure that a queue or exchange exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Presence {
    /// This application declares it.
    #[default]
    Declare,
    /// Somebody else has; a missing one is an error.
    Expect,
}

/// The kind of an exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeKind {
    /// To the queues whose binding key equals the routing key.
    Direct,
    /// To all queues bound.
    Fanout,
    /// To the queues whose binding pattern matches the routing key.
    #[default]
    Topic,
    /// To the queues whose binding arguments match the headers.
    Headers,
    /// A kind that a plug-in brings.
    Other(String),
}

/// A binding of the handler's queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) exchange: String,
    pub(crate) kind: ExchangeKind,
    pub(crate) key: String,
}

impl Queue {
    /// A durable queue.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), arguments: Vec::new(), presence: Presence::Declare }
    }

    /// One more argument, such as `x-max-length`.
    #[must_use]
    pub fn argument(mut self, name: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        self.arguments.push((name.into(), value.into()));
        self
    }

    /// Consumes from a queue that somebody else declares.
    #[must_use]
    pub fn expect_present(mut self) -> Self {
        self.presence = Presence::Expect;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who declares it.
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// With one consumer at a time, whatever was said before.
    pub(crate) fn single_active(mut self) -> Self {
        self.arguments.retain(|(name, _)| name != SINGLE_ACTIVE);
        self.argument(SINGLE_ACTIVE, true)
    }

    /// Under a name that begins so.
    pub(crate) fn prefixed(mut self, prefix: &str) -> Self {
        self.name.insert_str(0, prefix);
        self
    }

    pub(crate) fn arguments(&self) -> &[(String, FieldValue)] {
        &self.arguments
    }

    pub(crate) fn table(&self) -> FieldTable {
        self.arguments
            .iter()
            .map(|(name, value)| (ShortStr::truncated(name), value.clone()))
            .collect()
    }
}

impl<T: Into<String>> From<T> for Queue {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}

impl From<&str> for ExchangeKind {
    fn from(name: &str) -> Self {
        match name {
            "direct" => Self::Direct,
            "fanout" => Self::Fanout,
            "topic" => Self::Topic,
            "headers" => Self::Headers,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Binding {
    /// The key as the broker is to know it.
    pub(crate) fn pattern(&self) -> String {
        let template = self.template().ok().flatten();
        template.map_or_else(|| self.key.clone(), |template| template.pattern())
    }

    /// The key with its named words; nothing for exchanges that know no patterns.
    pub(crate) fn template(&self) -> Result<Option<Template>, TemplateError> {
        match self.kind {
            ExchangeKind::Topic => Template::parse(&self.key).map(Some),
            ExchangeKind::Direct
            | ExchangeKind::Fanout
            | ExchangeKind::Headers
            | ExchangeKind::Other(_) => Ok(None),
        }
    }

    /// Exchanges that every broker has are not declared.
    pub(crate) fn declares_exchange(&self) -> bool {
        !self.exchange.is_empty() && !self.exchange.starts_with("amq.")
    }
}
