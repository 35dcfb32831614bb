//! Why a call has no answer.

use std::time::Duration;

use crate::{
    client::ClientEnd,
    codec::{DecodeError, EncodeError},
    error::{ConsumerEnd, PublishError},
    message::{Delivery, Returned},
    rpc::reply::RemoteError,
};

/// A call failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// No queue took the request: nobody serves this route.
    #[error(
        "nobody serves exchange `{}`, routing key `{}`: {} {}",
        returned.exchange, returned.routing_key, returned.code, returned.text
    )]
    NoRoute {
        /// The request.
        returned: Box<Returned>,
    },
    /// No answer came in time.
    #[error(
        "no answer within {} ms{}", within.as_millis(),
        if *is_sent { "" } else { ", the request was not sent" }
    )]
    Timeout {
        /// How long the call was given.
        within: Duration,
        /// Whether the request went out: then it may have been handled.
        is_sent: bool,
    },
    /// The server answered with an error.
    #[error("the server answered: {error}")]
    Remote {
        /// Which.
        #[source]
        error: RemoteError,
        /// The whole reply.
        reply: Box<Delivery>,
    },
    /// The question could not be written; nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The answer could not be read.
    #[error("the answer cannot be read: {source}")]
    Decode {
        /// Why.
        source: DecodeError,
        /// The whole reply.
        reply: Box<Delivery>,
    },
    /// The exchange or the routing key is longer than AMQP allows; nothing was sent.
    #[error("the {what} has {bytes} bytes, at most 255 are possible")]
    Name {
        /// Which of the two.
        what: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// The request was not sent.
    #[error(transparent)]
    NotSent(PublishError),
    /// The client has no connection any more and gets none; nothing was sent.
    #[error("the request was not sent: {0}")]
    Ended(#[source] ClientEnd),
    /// The channel or the connection ended before the reply came: the request may have been
    /// handled or not.
    #[error("no answer can come any more: {0}")]
    Lost(#[source] ConsumerEnd),
    /// The client takes no more calls; nothing was sent.
    #[error("the client is being drained and takes no more calls")]
    Draining,
}

impl RpcError {
    /// Whether a server may have handled the request all the same.
    pub const fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::Timeout { is_sent, .. } => *is_sent,
            Self::Lost(_) => true,
            Self::NoRoute { .. }
            | Self::Remote { .. }
            | Self::Encode(_)
            | Self::Decode { .. }
            | Self::Name { .. }
            | Self::NotSent(_)
            | Self::Ended(_)
            | Self::Draining => false,
        }
    }
}

/// Calls were still under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{in_flight} calls still wait for their answer after {} ms", within.as_millis())]
#[non_exhaustive]
pub struct DrainTimeout {
    /// How many.
    pub in_flight: usize,
    /// How long was waited.
    pub within: Duration,
}
