//! Extractors: a handler's arguments say what it needs from a message.

mod batch;
mod calls;
mod captures;
mod context;
mod deadline;
mod json;
mod metadata;
mod principal;
mod text;
mod trace;

use std::convert::Infallible;
use std::future::{Future, ready};

use bytes::Bytes;

use crate::failure::Classify;
use crate::message::Message;
use crate::publisher::Publisher;
use crate::request::Request;
use crate::shared::Needs;

pub use batch::Batch;
pub(crate) use calls::CallDesk;
pub use captures::{Captures, CapturesRejection};
pub use context::{MissingState, Settings, State};
pub(crate) use deadline::DEADLINE_HEADER;
pub use deadline::Deadline;
pub use json::{Json, JsonRejection};
pub use metadata::{Attempt, Headers, Redelivered, RoutingKey};
pub use principal::NoPrincipal;
#[cfg(feature = "http")]
pub(crate) use principal::principal_of;
pub use text::{Text, TextRejection};

/// An argument of a handler: an extractor.
///
/// | argument | gives |
/// |---|---|
/// | [`Json<T>`] | the body as JSON |
/// | [`Text`] | the body as text |
/// | [`Bytes`] | the body as it came |
/// | [`Message`] | everything |
/// | [`Headers`] | the table of headers |
/// | [`RoutingKey`] | the routing key |
/// | [`Captures<T>`] | words of the routing key that the binding names: `orders.{region}` |
/// | [`Redelivered`] | whether the broker delivered it before |
/// | [`Attempt`] | which attempt this is |
/// | [`Principal`](crate::Principal) | on whose behalf it is handled |
/// | [`Deadline`] | when whoever asked gives up |
/// | [`TraceContext`](crate::TraceContext) | the trace it belongs to |
/// | [`State<T>`] | what [`App::state`](crate::App::state) was given |
/// | [`Settings<T>`] | what [`App::settings`](crate::App::settings) or the file was given |
/// | [`Publisher`] | publishes within the handler's unit |
/// | [`RpcClient`](crate::RpcClient) | calls servers, outside of the handler's unit |
///
/// `Option<E>` and `Result<E, E::Rejection>` of an extractor let the handler decide itself what
/// to do when it fails. Otherwise an extractor's permanent rejection makes a dead letter at once.
///
/// A type of your own is an extractor like this:
///
/// ```
/// use leveret::{FromMessage, Request};
///
/// struct Sender(String);
///
/// impl FromMessage for Sender {
///     type Rejection = String;
///
///     async fn from_message(request: &Request) -> Result<Self, String> {
///         request.message().header_text("x-sender").map(Sender).ok_or("no x-sender".to_owned())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler",
    label = "not an extractor",
    note = "arguments are extractors: `Json<T>`, `Text`, `Bytes`, `Message`, `Headers`, `RoutingKey`, `Captures<T>`, `Redelivered`, `Attempt`, `Principal`, `Deadline`, `State<T>`, `Settings<T>`, `Publisher`, or your own `impl leveret::FromMessage`",
    note = "a body is taken as `Json(value): Json<{Self}>`, a shared value as `State(value): State<{Self}>`"
)]
pub trait FromMessage: Sized {
    /// Why it could not be drawn: a permanent one makes a dead letter, a transient one is retried.
    type Rejection: Classify;

    /// Draws it from the request.
    fn from_message(
        request: &Request,
    ) -> impl Future<Output = Result<Self, Self::Rejection>> + Send;

    /// What the application must have; checked before anything runs.
    fn needs(needs: &mut Needs<'_>) {
        let _: &mut Needs<'_> = needs;
    }
}

impl FromMessage for Bytes {
    type Rejection = Infallible;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, Infallible>> + Send {
        ready(Ok(request.message().body().clone()))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.one_message("Bytes");
    }
}

impl FromMessage for Message {
    type Rejection = Infallible;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, Infallible>> + Send {
        ready(Ok(request.message().clone()))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.one_message("Message");
    }
}

impl FromMessage for Publisher {
    type Rejection = Infallible;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, Infallible>> + Send {
        ready(Ok(Self::of_unit(request.outbox())))
    }
}

impl<T: FromMessage> FromMessage for Option<T> {
    type Rejection = Infallible;

    async fn from_message(request: &Request) -> Result<Self, Infallible> {
        Ok(T::from_message(request).await.ok())
    }
}

impl<T: FromMessage> FromMessage for Result<T, T::Rejection> {
    type Rejection = Infallible;

    async fn from_message(request: &Request) -> Result<Self, Infallible> {
        Ok(T::from_message(request).await)
    }
}
