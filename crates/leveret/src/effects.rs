//! What comes of a handled message: outputs, and a verdict on the message.
//!
//! The return value of a handler is read here. Nothing is published from here: effects of a
//! failed attempt are dropped as a whole.

use std::time::Duration;

use crate::failure::{Classify, Failure};
use crate::publish::Publish;
use crate::reply::Reply;

/// An explicit verdict, for handlers that do not speak through `Result`.
///
/// ```
/// use leveret::{Outcome, Text};
///
/// async fn greet(Text(name): Text) -> Outcome {
///     if name.is_empty() { Outcome::DeadLetter("nobody to greet".to_owned()) } else { Outcome::Ack }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Handled.
    Ack,
    /// Try again, within the retry policy; the reason is told when that is exhausted.
    Retry(String),
    /// Try again after this time, within the retry policy; meanwhile others are handled.
    RetryAfter(Duration, String),
    /// Not wanted: the broker drops it, or dead-letters it if the queue says where to.
    Reject,
    /// To the dead letters, with this reason.
    DeadLetter(String),
}

/// What a handler's return value asks for.
#[derive(Debug, Default)]
pub struct Effects {
    pub(crate) outputs: Vec<Output>,
    pub(crate) verdict: Verdict,
    /// What is asked for each message of a batch.
    pub(crate) each: Option<Vec<Self>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Output {
    Publish(Publish),
    Reply(Reply),
}

#[derive(Debug, Clone, Default)]
pub(crate) enum Verdict {
    #[default]
    Ack,
    Reject,
    Failed(Failure),
}

impl Effects {
    /// The effects of a value that a handler may return: for layers that answer themselves.
    pub fn of(value: impl IntoEffects) -> Self {
        let mut effects = Self::default();
        value.add_to(&mut effects);
        effects
    }

    /// These effects and those of another value.
    #[must_use]
    pub fn and(mut self, value: impl IntoEffects) -> Self {
        value.add_to(&mut self);
        self
    }

    /// Whether the message is rejected.
    pub fn is_rejection(&self) -> bool {
        matches!(self.verdict, Verdict::Reject)
    }

    /// What it was that failed, if something did.
    pub(crate) fn into_result(self) -> Result<Self, Failure> {
        match self.verdict {
            Verdict::Failed(failure) => Err(failure),
            Verdict::Ack | Verdict::Reject => Ok(self),
        }
    }

    /// A failure, whatever else was asked for before.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { verdict: Verdict::Failed(failure), ..Self::default() }
    }

    /// For one message: what was asked for each, together. The first failure counts.
    pub(crate) fn folded(mut self) -> Self {
        let Some(each) = self.each.take() else { return self };
        for one in each {
            self.outputs.extend(one.outputs);
            if matches!(self.verdict, Verdict::Ack) {
                self.verdict = one.verdict;
            }
        }
        self
    }
}

/// What a handler may return.
///
/// Messages ([`Publish`], [`Reply`]), one or many as `Option`, `Vec`, array or tuple; `()` for
/// none; an [`Outcome`]; and `Result` of any of these with an error that is classified.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "not an effect",
    note = "to answer whoever asked, return `Reply::text(..)` or `Reply::json(..)`; to publish, `Publish::new(..).text(..)`",
    note = "return `()`, `Publish`, `Reply`, `Outcome`, an `Option`, `Vec`, array or tuple of them, or `Result<_, E>` with `E: leveret::Classify`"
)]
pub trait IntoEffects {
    /// Adds what `self` asks for.
    fn add_to(self, effects: &mut Effects);
}

impl IntoEffects for () {
    fn add_to(self, _: &mut Effects) {}
}

impl IntoEffects for Effects {
    fn add_to(self, effects: &mut Effects) {
        effects.outputs.extend(self.outputs);
        if let Verdict::Reject | Verdict::Failed(_) = self.verdict {
            effects.verdict = self.verdict;
        }
        if self.each.is_some() {
            effects.each = self.each;
        }
    }
}

impl IntoEffects for Publish {
    fn add_to(self, effects: &mut Effects) {
        match self.problem.clone() {
            Some(problem) => effects.verdict = Verdict::Failed(Failure::of(&problem)),
            None => effects.outputs.push(Output::Publish(self)),
        }
    }
}

impl IntoEffects for Reply {
    fn add_to(self, effects: &mut Effects) {
        effects.outputs.push(Output::Reply(self));
    }
}

impl IntoEffects for Outcome {
    fn add_to(self, effects: &mut Effects) {
        match self {
            Self::Ack => {}
            Self::Retry(reason) => {
                effects.verdict = Verdict::Failed(Failure::transient(reason).named("retry"));
            }
            Self::RetryAfter(after, reason) => {
                effects.verdict = Verdict::Failed(Failure::busy(after, reason).named("retry"));
            }
            Self::Reject => effects.verdict = Verdict::Reject,
            Self::DeadLetter(reason) => {
                effects.verdict = Verdict::Failed(Failure::permanent(reason).named("dead-letter"));
            }
        }
    }
}

impl<T: IntoEffects> IntoEffects for Option<T> {
    fn add_to(self, effects: &mut Effects) {
        if let Some(some) = self {
            some.add_to(effects);
        }
    }
}

impl<T: IntoEffects, E: Classify> IntoEffects for Result<T, E> {
    fn add_to(self, effects: &mut Effects) {
        match self {
            Ok(value) => value.add_to(effects),
            Err(error) => effects.verdict = Verdict::Failed(Failure::of(&error)),
        }
    }
}

impl<T: IntoEffects> IntoEffects for Vec<T> {
    fn add_to(self, effects: &mut Effects) {
        for one in self {
            one.add_to(effects);
        }
    }
}

impl<T: IntoEffects, const N: usize> IntoEffects for [T; N] {
    fn add_to(self, effects: &mut Effects) {
        for one in self {
            one.add_to(effects);
        }
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {
        $(impl<$($name: IntoEffects),+> IntoEffects for ($($name,)+) {
            #[expect(non_snake_case, reason = "each value is named as its type")]
            fn add_to(self, effects: &mut Effects) {
                let ($($name,)+) = self;
                $($name.add_to(effects);)+
            }
        })*
    };
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(value: impl IntoEffects) -> Effects {
        let mut effects = Effects::default();
        value.add_to(&mut effects);
        effects
    }

    fn publish() -> Publish {
        Publish::new("x", "k")
    }

    #[test]
    fn messages_are_collected_from_any_nesting() {
        let nested =
            (publish(), vec![publish(), publish()], None::<Publish>, [publish()], Reply::text("r"));
        assert_eq!(effects(nested).outputs.len(), 5);
        assert!(effects(()).outputs.is_empty());
    }

    #[test]
    fn an_error_fails_with_its_class() {
        let Verdict::Failed(failure) = effects(Err::<(), _>("busy")).verdict else {
            panic!("an error is a failure")
        };
        assert_eq!(failure.class(), crate::Class::Transient);
        assert_eq!(failure.to_string(), "busy");
    }

    #[test]
    fn a_name_that_is_too_long_fails_for_good() {
        let Verdict::Failed(failure) = effects(Publish::new("x", "k".repeat(256))).verdict else {
            panic!("a long name is a failure")
        };
        assert_eq!(failure.to_string(), "the routing key has 256 bytes, at most 255 are possible");
        assert_eq!(failure.class(), crate::Class::Permanent);
    }
}
