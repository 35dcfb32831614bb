//! What takes part in an attempt: settled before the message is.

use std::future::Future;
use std::pin::Pin;

use leveret_client::Publish as SealedPublish;

use crate::failure::Failure;

/// What [`Participant::complete`] returns.
pub type Completing = Pin<Box<dyn Future<Output = Result<Vec<SealedPublish>, Failure>> + Send>>;

/// What [`Participant::abandon`] returns.
pub type Abandoning = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A part of one attempt that is settled before the message: a database transaction, for example.
///
/// An extractor [enlists](crate::Request::enlist) it. Each one is completed or abandoned, unless
/// the attempt itself is dropped: then it is dropped, too.
pub trait Participant: Send {
    /// The handler has succeeded: makes its effects last, then the message is acknowledged.
    ///
    /// `outputs` are what the handler publishes, with ids that are the same in each attempt. What
    /// is returned of them is published with the acknowledgement; what is not, is the participant's
    /// from now on. A failure counts as one of the handler: nothing is acknowledged. If it is not
    /// known whether the effects last, fail with [`Class::Pause`](crate::Class::Pause): the message
    /// is then handled again until that is known, and never becomes a dead letter meanwhile.
    fn complete(self: Box<Self>, outputs: Vec<SealedPublish>) -> Completing;

    /// The attempt has failed, or the message is not wanted: nothing of it may last.
    fn abandon(self: Box<Self>) -> Abandoning;
}

/// An attempt has a participant already, or it is one at a batch: it can have one, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the attempt takes part in a transaction already (a handler can have one), or is one at a batch"
)]
pub struct AlreadyEnlisted;
