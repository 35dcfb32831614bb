//! What happens to a client, as a stream.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use leveret_protocol::ShortStr;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    client::{error::ClientEnd, role::Role, step::RecoveryStep},
    connection::Generation,
    error::{ChannelError, ConnectError, ConnectionEnd, ConsumerEnd},
};

/// Something that happened to a client.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientEvent {
    /// An address is being tried.
    Connecting {
        /// For which connection.
        role: Role,
        /// Host and port.
        authority: Arc<str>,
    },
    /// It could not be reached, or refused.
    ConnectFailed {
        /// For which connection.
        role: Role,
        /// Host and port.
        authority: Arc<str>,
        /// Why.
        error: Arc<ConnectError>,
    },
    /// No address let the client in; the next round begins after a pause.
    Waiting {
        /// For which connection.
        role: Role,
        /// How long.
        pause: Duration,
    },
    /// A connection is open, and what was declared is there again.
    Connected {
        /// Which connection.
        role: Role,
        /// Host and port.
        authority: Arc<str>,
        /// Its number; it is greater than that of all before it.
        generation: Generation,
    },
    /// A connection is over; another is about to be opened.
    Lost {
        /// Which connection.
        role: Role,
        /// Its number.
        generation: Generation,
        /// Why.
        reason: ConnectionEnd,
    },
    /// Something that was declared could not be declared again. It is tried again on the next
    /// connection, for a subscription whenever that starts again, and after a pause if it is a
    /// queue that another connection has to itself: the broker may not yet have noticed that the
    /// last one of this client is dead.
    RecoveryFailed {
        /// What was to be declared.
        step: RecoveryStep,
        /// What the broker said: for 406, which argument differs and how.
        error: ChannelError,
    },
    /// The broker takes no publishes on a connection for a while.
    Blocked {
        /// Which connection.
        role: Role,
        /// The broker's words.
        reason: ShortStr,
    },
    /// It takes publishes again.
    Unblocked {
        /// Which connection.
        role: Role,
    },
    /// A queue that the broker named has another name on the new connection.
    QueueRenamed {
        /// The name it had when it was declared, by which the client still knows it.
        first: ShortStr,
        /// The name it had until now.
        from: ShortStr,
        /// The name it has from now on.
        to: ShortStr,
    },
    /// A subscription consumes.
    ConsumerStarted {
        /// From which queue, by its name of now.
        queue: ShortStr,
        /// The consumer's name.
        tag: ShortStr,
        /// On which connection.
        generation: Generation,
    },
    /// The broker cancelled a subscription's consumer: its queue was deleted or failed over.
    ConsumerCancelled {
        /// The queue.
        queue: ShortStr,
        /// The consumer's name.
        tag: ShortStr,
    },
    /// A subscription's channel ended for a reason other than its connection's end.
    ConsumerLost {
        /// The queue.
        queue: ShortStr,
        /// Why.
        end: ConsumerEnd,
    },
    /// A subscription could not start to consume again; it tries again after a pause.
    ConsumerRefused {
        /// The queue.
        queue: ShortStr,
        /// What the broker said.
        error: ChannelError,
        /// How long until the next attempt.
        pause: Duration,
    },
    /// The client is over; no more events come.
    Ended(ClientEnd),
    /// This listener was slow, and so many events before this one are gone.
    Missed {
        /// How many.
        count: u64,
    },
}

/// The events of a client from when it was asked for them; a stream.
///
/// It ends behind [`ClientEvent::Ended`].
pub struct Events {
    next: Next,
}

type Received = (Result<ClientEvent, RecvError>, broadcast::Receiver<ClientEvent>);
type Next = Pin<Box<dyn Future<Output = Received> + Send>>;

impl Events {
    pub(crate) fn new(receiver: broadcast::Receiver<ClientEvent>) -> Self {
        Self { next: next(receiver) }
    }

    /// The next event; nothing once the client is over.
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn recv(&mut self) -> Option<ClientEvent> {
        std::future::poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        let (event, receiver) = ready!(self.next.as_mut().poll(context));
        self.next = next(receiver);
        Poll::Ready(match event {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(count)) => Some(ClientEvent::Missed { count }),
            Err(RecvError::Closed) => None,
        })
    }
}

fn next(mut receiver: broadcast::Receiver<ClientEvent>) -> Next {
    Box::pin(async move { (receiver.recv().await, receiver) })
}

impl Stream for Events {
    type Item = ClientEvent;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        self.get_mut().poll_event(context)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}
