//! Why a message could not be handled, and whether trying again may help.
//!
//! A failure is data: a class, a short name and a bounded text. It ends up in log lines and in
//! the record of a dead letter, so it never holds a payload.

use std::any::type_name;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// The longest text a failure keeps, in bytes; the rest is cut at a character's edge.
pub const FAILURE_TEXT_BYTES_MAX: usize = 1024;

/// Whether handling the same message again may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Something outside was in the way; trying again may help.
    Transient,
    /// The message itself is at fault; trying again gives the same.
    Permanent,
    /// Something outside has no room at the moment, and says for how long: the message leaves its
    /// worker and is tried again after that time. It counts as an attempt.
    Busy(Duration),
    /// What the handler depends on is out of order, and the message not at fault: the handler
    /// stops pulling for this time. The message keeps its place, and no attempt is counted.
    Pause(Duration),
    /// Another one was in the way, two transactions for example: it is tried again at once, after
    /// a short random wait. It counts as no attempt, twenty times in a row; then as a transient one.
    Conflict,
}

/// Tells a passing trouble from a lasting one.
///
/// A handler may return `Result<_, E>` for each `E` that implements this. The derive of the same
/// name reads it from attributes, and asks for a class where none is said:
///
/// ```
/// use std::time::Duration;
/// use leveret::{Class, Classify};
///
/// #[derive(Debug, thiserror::Error, Classify)]
/// #[classify(transient)]
/// enum ChargeError {
///     #[error("the bank does not answer")]
///     Silent,
///     #[error("the card is expired")]
///     #[classify(permanent)]
///     CardExpired,
///     #[error("the bank takes no more orders, {waiting} are waiting")]
///     #[classify(busy = "30s", name = "bank-busy")]
///     Full { waiting: u32 },
/// }
///
/// assert_eq!(ChargeError::Silent.class(), Class::Transient);
/// assert_eq!(ChargeError::CardExpired.name(), "card-expired");
/// assert_eq!(ChargeError::Full { waiting: 7 }.class(), Class::Busy(Duration::from_secs(30)));
/// ```
///
/// By hand both methods have defaults, so `impl Classify for MyError {}` makes each error of that
/// type transient. For errors of other crates return `Result<_, Failure>`: `?` turns any error
/// into one.
#[diagnostic::on_unimplemented(
    message = "a handler cannot fail with `{Self}`",
    label = "this error is not classified",
    note = "write `#[derive(leveret::Classify)] #[classify(transient)]` on {Self} and say which of its errors are permanent, or return `Result<_, leveret::Failure>` and use `?`"
)]
pub trait Classify: Display {
    /// Transient, unless said otherwise.
    fn class(&self) -> Class {
        Class::Transient
    }

    /// A short name for grouping dead letters: the type's name, unless said otherwise.
    fn name(&self) -> &str {
        type_name::<Self>()
    }
}

/// A classified failure: what a handler returns when its error type belongs to another crate.
///
/// ```
/// use leveret::{Class, Classify, Failure};
///
/// fn port(text: &str) -> Result<u16, Failure> {
///     Ok(text.parse()?)
/// }
/// assert_eq!(port("x").unwrap_err().class(), Class::Transient);
/// assert_eq!(Failure::permanent("no sender").to_string(), "no sender");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    class: Class,
    name: String,
    text: String,
}

impl Failure {
    /// Trying again may help.
    pub fn transient(text: impl Display) -> Self {
        Self::new(Class::Transient, "failure", text)
    }

    /// Trying again gives the same: the message goes to the dead letters at once.
    pub fn permanent(text: impl Display) -> Self {
        Self::new(Class::Permanent, "failure", text)
    }

    /// Trying again may help after this time: what is needed has said so (`Retry-After`).
    pub fn busy(after: Duration, text: impl Display) -> Self {
        Self::new(Class::Busy(after), "busy", text)
    }

    /// What the handler depends on is out of order: the handler stops for this time, and the
    /// message keeps its place. See [`Handler::kill_switch`](crate::Handler::kill_switch).
    pub fn pause(time: Duration, text: impl Display) -> Self {
        Self::new(Class::Pause(time), "pause", text)
    }

    /// Another one was in the way: tried again at once, which counts as no attempt.
    pub fn conflict(text: impl Display) -> Self {
        Self::new(Class::Conflict, "conflict", text)
    }

    /// The same failure under another name, the one dead letters are grouped by.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = clean(name.into());
        self
    }

    /// The same failure in another class.
    pub(crate) fn classed(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// The same failure, its text beginning with who failed.
    pub(crate) fn of_part(self, part: impl Display) -> Self {
        Self::new(self.class, self.name, format_args!("{part}: {}", self.text))
    }

    pub(crate) fn new(class: Class, name: impl Into<String>, text: impl Display) -> Self {
        Self { class, name: clean(name.into()), text: clean(text.to_string()) }
    }

    pub(crate) fn of(error: &(impl Classify + ?Sized)) -> Self {
        Self::new(error.class(), error.name(), error)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Classify for Failure {
    fn class(&self) -> Class {
        self.class
    }

    fn name(&self) -> &str {
        &self.name
    }
}

// `Failure` is no `Error` itself, for the reason `anyhow::Error` is none: it could not be made from all of them.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            if text.len() > FAILURE_TEXT_BYTES_MAX {
                break;
            }
            source = cause.source();
        }
        Self::new(Class::Transient, type_name::<E>(), text)
    }
}

impl Classify for Infallible {}
impl Classify for String {}
impl Classify for &str {}
impl Classify for std::io::Error {}

/// A [`Failure`] that went through a box keeps class and name; any other error is transient.
impl Classify for Box<dyn Error + Send + Sync> {
    fn class(&self) -> Class {
        self.downcast_ref::<Boxed>().map_or(Class::Transient, |boxed| boxed.0.class())
    }

    fn name(&self) -> &str {
        self.downcast_ref::<Boxed>().map_or("error", |boxed| boxed.0.name())
    }
}

/// A failure as an error, in a box only.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Boxed(Failure);

impl From<Failure> for Box<dyn Error + Send + Sync> {
    fn from(failure: Failure) -> Self {
        Box::new(Boxed(failure))
    }
}

impl Classify for serde_json::Error {
    fn class(&self) -> Class {
        Class::Permanent
    }
}

/// Without NULs, and short enough for a header.
fn clean(mut text: String) -> String {
    text.retain(|c| c != '\0');
    text.truncate(text.floor_char_boundary(FAILURE_TEXT_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_bounded_and_free_of_nul() {
        let failure = Failure::permanent(format!("a\0b{}", "ö".repeat(2000)));
        let text = failure.to_string();
        assert!(text.starts_with("abö"));
        assert!(text.len() <= FAILURE_TEXT_BYTES_MAX);
    }

    #[test]
    fn a_failure_goes_through_a_box_as_it_is() {
        let failure = Failure::permanent("no sender").named("sender");
        let boxed: Box<dyn Error + Send + Sync> = failure.clone().into();
        assert_eq!(Failure::of(&boxed), failure);
        let other: Box<dyn Error + Send + Sync> = "late".into();
        assert_eq!(Failure::of(&other), Failure::transient("late").named("error"));
    }

    #[test]
    fn an_error_keeps_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] std::io::Error);
        let failure = Failure::from(Outer(std::io::Error::other("inner")));
        assert_eq!(failure.to_string(), "outer: inner");
        assert_eq!(failure.class(), Class::Transient);
    }
}
