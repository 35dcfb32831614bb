//! Exchanges, queues, bindings and policies of one virtual host.
//!
//! Keeps true: a queue's `x-queue-type` is its `kind` and never among its arguments.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

/// Extension arguments, in the shapes of JSON: whole numbers stay whole.
pub type Arguments = BTreeMap<String, Value>;

/// What a file says should be there, or what is there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Topology {
    /// Exchanges, but for those that every broker has.
    pub exchanges: Vec<Exchange>,
    /// Queues, but for those of one connection.
    pub queues: Vec<Queue>,
    /// Bindings, but for those that the default exchange has.
    pub bindings: Vec<Binding>,
    /// Policies, but for those of operators.
    pub policies: Vec<Policy>,
    /// Names that are nobody's business here; `*` stands for anything.
    pub ignored: Vec<String>,
}

/// What is done about an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is made if it is missing.
    #[default]
    Declare,
    /// It has to be there, and is never touched.
    Verify,
    /// It is not looked at.
    Ignore,
}

/// An exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Its name.
    pub name: String,
    /// Its type, such as `topic`.
    pub kind: String,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last binding.
    pub auto_delete: bool,
    /// Whether only other exchanges may publish to it.
    pub internal: bool,
    /// Extension arguments.
    pub arguments: Arguments,
    /// What is done about it.
    pub mode: Mode,
}

/// A queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its type, such as `quorum`. Without one a queue is declared as the virtual host has it by default,
    /// and one that is there is classic.
    pub kind: Option<String>,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// Extension arguments without `x-queue-type`.
    pub arguments: Arguments,
    /// What is done about it.
    pub mode: Mode,
}

/// Where a binding leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// To a queue.
    Queue(String),
    /// To another exchange.
    Exchange(String),
}

/// A binding of a queue or an exchange to an exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The exchange that gives.
    pub source: String,
    /// Who receives.
    pub destination: End,
    /// The routing key or pattern.
    pub key: String,
    /// Extension arguments.
    pub arguments: Arguments,
    /// What is done about it.
    pub mode: Mode,
}

/// A policy: settings for all queues or exchanges whose names match.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// A regular expression for names.
    pub pattern: String,
    /// To which objects, such as `queues`.
    pub apply_to: String,
    /// Of several that match the highest holds.
    pub priority: i64,
    /// The settings.
    pub definition: Arguments,
    /// What is done about it.
    pub mode: Mode,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// An exchange.
    Exchange(Exchange),
    /// A queue.
    Queue(Queue),
    /// A binding.
    Binding(Binding),
    /// A policy.
    Policy(Policy),
}

impl Topology {
    /// Whether a name is among those that are nobody's business.
    pub fn ignores(&self, name: &str) -> bool {
        self.ignored.iter().any(|pattern| matches(pattern, name))
    }
}

impl End {
    /// The name of who receives.
    pub fn name(&self) -> &str {
        match self {
            Self::Queue(name) | Self::Exchange(name) => name,
        }
    }

    /// `queue` or `exchange`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Queue(_) => "queue",
            Self::Exchange(_) => "exchange",
        }
    }
}

impl Queue {
    /// The arguments to declare it with.
    pub fn declared_arguments(&self) -> Arguments {
        let kind = self.kind.iter().map(|kind| ("x-queue-type".to_owned(), kind.clone().into()));
        self.arguments.clone().into_iter().chain(kind).collect()
    }
}

impl Binding {
    /// Whether it is the same binding, whatever is done about it.
    pub fn is_same(&self, other: &Self) -> bool {
        self.source == other.source
            && self.destination == other.destination
            && self.key == other.key
            && self.arguments == other.arguments
    }

    /// Whether an end of it is this object.
    pub fn touches(&self, end: &End) -> bool {
        self.destination == *end
            || matches!(end, End::Exchange(exchange) if *exchange == self.source)
    }
}

impl Object {
    /// What is done about it.
    pub const fn mode(&self) -> Mode {
        match self {
            Self::Exchange(exchange) => exchange.mode,
            Self::Queue(queue) => queue.mode,
            Self::Binding(binding) => binding.mode,
            Self::Policy(policy) => policy.mode,
        }
    }

    /// `exchange`, `queue`, `binding` or `policy`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Exchange(_) => "exchange",
            Self::Queue(_) => "queue",
            Self::Binding(_) => "binding",
            Self::Policy(_) => "policy",
        }
    }

    /// What bindings can end at.
    pub fn as_end(&self) -> Option<End> {
        match self {
            Self::Exchange(exchange) => Some(End::Exchange(exchange.name.clone())),
            Self::Queue(queue) => Some(End::Queue(queue.name.clone())),
            Self::Binding(_) | Self::Policy(_) => None,
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(exchange) => write!(f, "exchange {}", shown(&exchange.name)),
            Self::Queue(queue) => write!(f, "queue {}", shown(&queue.name)),
            Self::Policy(policy) => write!(f, "policy {}", shown(&policy.name)),
            Self::Binding(Binding { source, destination, key, arguments, .. }) => {
                let (source, end) = (shown(source), shown(destination.name()));
                write!(f, "binding {source} -> {} {end}", destination.word())?;
                if !key.is_empty() {
                    write!(f, ", key {}", shown(key))?;
                }
                if arguments.is_empty() {
                    return Ok(());
                }
                let arguments = arguments.clone().into_iter().collect::<Value>();
                write!(f, ", arguments {}", shown(&arguments.to_string()))
            }
        }
    }
}

/// A peer's text for a place in one line.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Whether a name is that of an object that brokers make themselves.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.is_empty() || name.starts_with("amq.")
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(first) else { return false };
    // Each part takes the first place it finds; the last has to be at the end.
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    let left = parts
        .into_iter()
        .try_fold(name, |left, part| left.find(part).and_then(|at| left.get(at + part.len()..)));
    left.is_some_and(|left| left.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, is_match) in [
            ("*", "", true),
            ("jobs", "jobs", true),
            ("jobs", "jobs.dead", false),
            ("*.dead", "jobs.dead", true),
            ("*.dead", "jobs.dead.old", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, name), is_match, "{pattern} {name}");
        }
    }
}
