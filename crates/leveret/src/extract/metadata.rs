//! What is known of a message besides its body.

use std::convert::Infallible;
use std::future::{Future, ready};

use leveret_protocol::FieldTable;

use super::FromMessage;
use crate::request::Request;
use crate::shared::Needs;

/// The table of headers; empty without one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Headers(pub FieldTable);

/// The routing key; bytes that are no text are replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoutingKey(pub String);

/// Whether the broker delivered the message before, to this or another consumer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redelivered(pub bool);

/// Which attempt at the message this is.
///
/// Attempts of earlier deliveries are counted too where the broker tells their number
/// (`x-delivery-count`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// From one.
    pub number: u32,
    /// After this one the message becomes a dead letter.
    pub max: u32,
}

impl Attempt {
    /// Whether a failure now makes a dead letter.
    pub fn is_last(self) -> bool {
        self.number >= self.max
    }
}

macro_rules! always {
    ($($name:ty: |$request:ident| $value:expr;)*) => {
        $(impl FromMessage for $name {
            type Rejection = Infallible;

            fn from_message(
                $request: &Request,
            ) -> impl Future<Output = Result<Self, Infallible>> + Send {
                ready(Ok($value))
            }

            fn needs(needs: &mut Needs<'_>) {
                needs.one_message(stringify!($name));
            }
        })*
    };
}

always! {
    Headers: |request| Self(request.message().headers());
    RoutingKey: |request| Self(request.message().routing_key().into_owned());
    Redelivered: |request| Self(request.message().is_redelivered());
    Attempt: |request| Self { number: request.attempt(), max: request.attempts_max() };
}
