//! Publishes from code: in a handler as part of its unit, else confirmed.

use std::sync::{Arc, Mutex, PoisonError};

use leveret_client::Publish as Sealed;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::Instrument as _;

use crate::publish::{EncodeError, Publish};
use crate::trace::Tracing;

/// Publishes messages. Cheap to clone.
///
/// As an argument of a handler it adds to that handler's outputs: they leave together with the
/// acknowledgement, or not at all. From [`RunningApp::publisher`](crate::RunningApp::publisher)
/// each message is published at once, and the call returns when the broker has confirmed it.
#[derive(Debug, Clone)]
pub struct Publisher(Lane);

#[derive(Debug, Clone)]
enum Lane {
    Unit(Outbox),
    Confirmed { orders: Orders, tracing: Tracing },
}

/// The way to the publishing task.
#[derive(Debug, Clone)]
pub(crate) struct Orders {
    pub(crate) orders: mpsc::Sender<PublishOrder>,
    /// Told when something is published, if the connection for that is opened only then.
    pub(crate) wanted: Option<watch::Sender<bool>>,
}

/// A message for the publishing task, and where its fate is told.
#[derive(Debug)]
pub(crate) struct PublishOrder {
    pub(crate) publish: Outgoing,
    pub(crate) answer: oneshot::Sender<Result<(), PublishError>>,
}

/// A message that gets its id now, or has one.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Open(Box<Publish>),
    Sealed(Box<Sealed>),
}

/// Collects what one attempt publishes; closed when the attempt is over.
// A lock, as the handler may hand its publisher to several futures; held for one push.
#[derive(Debug, Clone)]
pub(crate) struct Outbox(Arc<Mutex<Option<Vec<Publish>>>>);

/// A message could not be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// It has no form on the wire.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// No queue is bound for it; nothing was published.
    #[error("no queue takes messages from exchange `{exchange}` with routing key `{routing_key}`")]
    Unroutable {
        /// The exchange.
        exchange: String,
        /// The routing key.
        routing_key: String,
    },
    /// The broker refused it.
    #[error("the broker refused the message: {0}")]
    Refused(String),
    /// Its properties do not fit a frame; nothing was published.
    #[error("its properties make a frame of {bytes} bytes, the broker takes {max}")]
    TooLarge {
        /// The frame's length.
        bytes: usize,
        /// The longest frame that the broker takes.
        max: u32,
    },
    /// The broker took no messages for as long as a publish may wait; nothing was published.
    #[error("the broker takes no messages: {0}")]
    Blocked(String),
    /// The connection broke before the broker confirmed: it may or may not have been published.
    #[error("the connection broke before the message was confirmed")]
    Unconfirmed,
    /// There was no connection for as long as a publish may wait.
    #[error("no connection to the broker")]
    Disconnected,
    /// The handler that owns this publisher has returned, or the application has stopped.
    #[error("the publisher is closed")]
    Closed,
    /// A sealed message is no output of a handler: its id would not derive from the message handled.
    #[error("a handler's publisher takes no sealed message")]
    SealedInHandler,
}

impl crate::failure::Classify for PublishError {
    fn class(&self) -> crate::failure::Class {
        match self {
            Self::Encode(_)
            | Self::Unroutable { .. }
            | Self::TooLarge { .. }
            | Self::Closed
            | Self::SealedInHandler => crate::failure::Class::Permanent,
            Self::Refused(_) | Self::Blocked(_) | Self::Unconfirmed | Self::Disconnected => {
                crate::failure::Class::Transient
            }
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Encode(_) => "encode",
            Self::Unroutable { .. } => "unroutable",
            Self::Refused(_) => "refused",
            Self::TooLarge { .. } => "too-large",
            Self::Blocked(_) => "blocked",
            Self::Unconfirmed => "unconfirmed",
            Self::Disconnected => "disconnected",
            Self::Closed => "closed",
            Self::SealedInHandler => "sealed",
        }
    }
}

impl Publisher {
    pub(crate) fn of_unit(outbox: Outbox) -> Self {
        Self(Lane::Unit(outbox))
    }

    pub(crate) fn confirmed(orders: Orders, tracing: Tracing) -> Self {
        Self(Lane::Confirmed { orders, tracing })
    }

    /// Publishes one message.
    ///
    /// Outside of handlers: when this returns `Ok`, the message is confirmed by the broker.
    /// Call it from several tasks, or join several futures, to have many on their way at a time.
    /// A message that the broker refuses (to a missing exchange, for example) fails alone; those
    /// that were on their way with it may be published twice then, under the same id.
    pub async fn publish(&self, mut publish: Publish) -> Result<(), PublishError> {
        if let Some(problem) = &publish.problem {
            return Err(PublishError::Encode(problem.clone()));
        }
        match &self.0 {
            Lane::Unit(outbox) => outbox.push(publish),
            Lane::Confirmed { orders, tracing } => {
                let span = tracing.leave(&mut publish, None);
                order(orders, Outgoing::Open(Box::new(publish))).instrument(span).await
            }
        }
    }

    /// Publishes a message that was [sealed](Publish::seal) before, as it is; not within a handler.
    ///
    /// When this returns `Ok`, the message is confirmed by the broker.
    pub async fn publish_sealed(&self, sealed: Sealed) -> Result<(), PublishError> {
        match &self.0 {
            Lane::Unit(_) => Err(PublishError::SealedInHandler),
            Lane::Confirmed { orders, .. } => {
                order(orders, Outgoing::Sealed(Box::new(sealed))).await
            }
        }
    }
}

impl Outbox {
    pub(crate) fn open() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }

    /// What was collected; nothing more is taken from now on.
    pub(crate) fn close(&self) -> Vec<Publish> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    fn push(&self, publish: Publish) -> Result<(), PublishError> {
        let mut publishes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        publishes.as_mut().ok_or(PublishError::Closed)?.push(publish);
        Ok(())
    }
}

async fn order(orders: &Orders, publish: Outgoing) -> Result<(), PublishError> {
    let (answer, fate) = oneshot::channel();
    if let Some(wanted) = &orders.wanted {
        wanted.send_if_modified(|wanted| !std::mem::replace(wanted, true));
    }
    orders.orders.send(PublishOrder { publish, answer }).await.map_err(|_| PublishError::Closed)?;
    fate.await.unwrap_or(Err(PublishError::Unconfirmed))
}
