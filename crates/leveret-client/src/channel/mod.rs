//! Channels: where everything is said.

mod calling;
mod confirm;
mod consumer;
mod consuming;
mod no_wait;
mod publishing;
mod settling;
mod topology;
mod transaction;

use std::{fmt, sync::Arc};

use leveret_protocol::{ChannelNumber, Method, basic};
use tokio::time::timeout;

pub(crate) use self::calling::REPLY_TO;
pub use self::{
    confirm::Confirm,
    consumer::Consumer,
    consuming::{AckMode, ConsumeOptions},
    no_wait::NoWait,
    settling::Refusal,
    transaction::{Committed, TxChannel},
};
use crate::{
    error::{ChannelError, ConnectionEnd, Loss},
    lifeline::ChannelLease,
    state::{Aftermath, ChannelCore, Reply},
};

/// A channel of a connection; a clone is the same channel.
///
/// Everything on a channel happens in order, also when tasks share it by clones: each publish
/// gets its own confirm and each request its own reply. The channel stays open as long as one
/// of its clones, consumers or confirms lives; the last to go closes it in the background.
///
/// An error of the broker closes this channel alone: every operation then fails with the
/// [`ChannelError::Closed`] that says why, and the connection gives another channel.
#[derive(Clone)]
pub struct Channel {
    lease: Arc<ChannelLease>,
}

impl Channel {
    pub(crate) const fn new(lease: Arc<ChannelLease>) -> Self {
        Self { lease }
    }

    fn core(&self) -> &Arc<ChannelCore> {
        &self.lease.core
    }

    /// The channel's number on its connection.
    pub fn number(&self) -> ChannelNumber {
        self.core().number
    }

    /// Why the channel is over; nothing while it is open.
    pub fn end(&self) -> Option<ChannelError> {
        self.core().end()
    }

    /// Closes the channel and waits until the broker has agreed.
    ///
    /// Messages that were delivered and not settled go back to their queues; publishes that
    /// wait for their confirm fail with an unknown outcome.
    pub async fn close(&self) {
        self.lease.close().await;
    }

    /// A new channel on the same connection.
    pub(crate) async fn sibling(&self) -> Result<Self, ChannelError> {
        let _waiting = self.core().gate.wait();
        let within = self.core().bounds.request_timeout;
        let connection = Arc::clone(&self.lease.connection);
        match timeout(within, connection.open_channel()).await {
            Ok(Some(core)) => Ok(Self::new(Arc::new(ChannelLease { core: core?, connection }))),
            // The owner of the session ends all channels before it goes.
            Ok(None) => Err(self.end().unwrap_or(ChannelError::ClosedHere)),
            Err(_elapsed) => Err(ChannelError::TimedOut { method: "channel.open", within }),
        }
    }

    /// Closes the channel for all its clones, and waits for nothing.
    pub(crate) fn close_soon(&self) {
        self.lease.close_soon();
    }

    /// Whether this is the only handle, and the channel is as a new one with this prefetch.
    pub(crate) fn is_pristine(&self, prefetch: u16) -> bool {
        // Consumers, confirms and transactions hold clones.
        Arc::strong_count(&self.lease) == 1 && self.core().is_pristine(prefetch)
    }

    /// Sends a request and waits for its reply.
    async fn call(&self, method: impl Into<Method>) -> Result<Method, ChannelError> {
        match self.ask(&method.into(), Aftermath::Nothing).await? {
            Reply::Method(method) => Ok(method),
            Reply::Got(_) => Err(unexpected(&Method::BasicGetOk(basic::GetOk::default()))),
        }
    }

    /// The same, with something to be done as soon as the reply is there.
    async fn ask(&self, method: &Method, aftermath: Aftermath) -> Result<Reply, ChannelError> {
        let within = self.core().bounds.request_timeout;
        if let Ok(reply) = timeout(within, self.core().call(method, aftermath)).await {
            return reply;
        }
        // A late reply would be taken for that of the next request.
        let end = ChannelError::TimedOut { method: method.name(), within };
        self.lease.fail(&end);
        Err(end)
    }
}

/// The error for a reply of another kind than was asked for, which the reader lets nobody see.
fn unexpected(reply: &Method) -> ChannelError {
    let text = format!("{} answers another request", reply.name());
    ConnectionEnd::Lost(Loss::Protocol { text }).into()
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("number", &self.number())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}
