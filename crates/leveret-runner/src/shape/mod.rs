//! What a run file may say: one table for check, schema and what is shown.

mod check;
mod file;
mod schema;

pub(crate) use check::check;
pub(crate) use file::{FILE, HANDLER};
pub(crate) use schema::schema;

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Any text but none at all.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number, both ends included.
    Integer(i64, i64),
    /// A number and a unit: `500ms`, `5s`, `2min`.
    Span,
    /// Where to listen: an address and a port.
    Address,
    /// One of these.
    Words(&'static [&'static str]),
    /// Whatever TOML can say.
    Any,
    /// These keys.
    Table(&'static [Key]),
    /// Names that the file chooses, each with this.
    Names(&'static Self),
    /// Some of these.
    List(&'static Self),
    /// Written as text, or as a table.
    Either(&'static Self, &'static Self),
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
    /// For editors.
    pub(crate) about: &'static str,
    pub(crate) presence: Presence,
}

/// Whether a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
    /// What holds if it is not there.
    Default(&'static str),
}

impl Key {
    pub(crate) const fn new(
        name: &'static str,
        shape: &'static Shape,
        about: &'static str,
    ) -> Self {
        Self { name, shape, about, presence: Presence::Optional }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    pub(crate) const fn default(mut self, value: &'static str) -> Self {
        self.presence = Presence::Default(value);
        self
    }
}

impl Shape {
    /// In words, for who wrote something else.
    pub(crate) fn wanted(&self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Integer(min, max) => format!("a whole number from {min} to {max}"),
            Self::Span => "a number and a unit, as in `500ms`, `5s`, `2min`, `1h`, `7d`".to_owned(),
            Self::Address => {
                "an address and a port, as in `127.0.0.1:5672` or `[::1]:5672`".to_owned()
            }
            Self::Words(words) => {
                let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Self::Any => "any value".to_owned(),
            Self::Table(_) | Self::Names(_) => "a table".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Either(one, other) => format!("{} or {}", one.wanted(), other.wanted()),
        }
    }
}
