//! Publishing over lost connections, with an answer for each message.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, Semaphore},
    time::{Instant, timeout_at},
};

use crate::{
    channel::Channel,
    client::Client,
    error::{Backlog, ChannelError, PublishError},
    lock::Lock,
    message::Publish,
};

/// What a [`Publisher`] is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherOptions {
    /// How many publishes may be unanswered at a time; more wait until it is fewer.
    pub window: usize,
    /// How long a publish may take altogether; without it as long as
    /// [`publish_deadline`](crate::ClientOptions::publish_deadline) says.
    pub deadline: Option<Duration>,
    /// What becomes of a publish whose connection is lost before its confirm came, so that nobody
    /// knows whether the broker has it. Without this it fails with
    /// [`PublishError::ConnectionLost`]; with it, it is sent again on the next connection: at
    /// least once, and perhaps twice. So it is with the neighbours of a message for which the
    /// broker closes the channel.
    pub republish: bool,
}

impl Default for PublisherOptions {
    fn default() -> Self {
        Self { window: 1000, deadline: None, republish: false }
    }
}

/// Publishes with confirms, on whichever connection is open; a clone is the same publisher.
///
/// Its channel is opened with the first publish, and again when it is lost.
#[derive(Clone)]
pub struct Publisher {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    options: PublisherOptions,
    within: Duration,
    window: Semaphore,
    // Each publish looks at it for a moment; a task that hands channels out would cost a wake-up.
    channel: Lock<Option<Channel>>,
    /// Held by who opens a channel, so that only one does.
    opening: Mutex<()>,
    /// Held by the one publish that is sent alone; the channel that the last one left in order.
    alone: Mutex<Option<Channel>>,
}

impl Client {
    /// A publisher with a channel of its own.
    pub fn publisher(&self, options: PublisherOptions) -> Publisher {
        let within = options.deadline.unwrap_or(self.inner.options.publish_deadline);
        let window = Semaphore::new(options.window.clamp(1, Semaphore::MAX_PERMITS));
        let (client, channel) = (self.clone(), Lock::default());
        let (opening, alone) = (Mutex::default(), Mutex::default());
        let inner = Inner { client, options, within, window, channel, opening, alone };
        Publisher { inner: Arc::new(inner) }
    }
}

impl Publisher {
    /// Publishes a message and waits until the broker has confirmed it.
    ///
    /// `Ok` means that the broker has taken it over and, if it was mandatory, that a queue has
    /// it. While there is no connection, or the broker takes no publishes, it waits, up to the
    /// deadline; then it fails, and the error says whether the broker may have the message all
    /// the same: [`is_outcome_unknown`](PublishError::is_outcome_unknown). While the broker takes
    /// no publishes, the address's
    /// [`publish_timeout`](crate::ConnectOptions::publish_timeout) bounds it too.
    ///
    /// A message that makes the broker close the channel (its exchange is missing) fails with
    /// [`PublishError::ChannelClosed`], and with it all that are unconfirmed then: nobody knows
    /// which of them it was. With [`republish`](PublisherOptions::republish) each of them is sent
    /// again, alone and one after the other, and only that one fails.
    ///
    /// Waiting for each before the next is published is slow: publish from many tasks, or poll
    /// many of these futures at once. They are sent in the order in which they are first polled.
    ///
    /// The future being dropped leaves the message on its way, if it was sent.
    pub async fn publish(&self, publish: Publish) -> Result<(), PublishError> {
        let within = self.inner.within;
        let deadline = Instant::now() + within;
        let full = || PublishError::NoRoom { backlog: Backlog::Unconfirmed, within };
        let _place = in_time(deadline, self.inner.window.acquire(), full).await?;
        // Why nobody knows whether an earlier attempt came through.
        let mut unknown = None;
        let mut is_alone = false;
        loop {
            let attempt = if is_alone {
                self.attempt_alone(&publish, deadline).await
            } else {
                self.attempt(&publish, deadline).await
            };
            let error = match attempt {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if matches!(&error, PublishError::NotSent(reason) if is_worth_another(reason)) {
                continue;
            }
            let is_lost = matches!(error, PublishError::ConnectionLost(_));
            let is_suspect = matches!(error, PublishError::ChannelClosed { .. }) && !is_alone;
            if !(is_lost || is_suspect) || !self.inner.options.republish {
                return Err(unknown.unwrap_or(error));
            }
            self.inner.client.inner.shared.counters.republished.add_one();
            if is_lost {
                unknown = Some(error);
            } else {
                is_alone = true;
            }
        }
    }

    /// Publishes once, on the channel of this moment.
    async fn attempt(&self, publish: &Publish, deadline: Instant) -> Result<(), PublishError> {
        let within = self.inner.within;
        let absent = || PublishError::NoConnection { within };
        let channel = in_time(deadline, self.channel(), absent).await??;
        self.send(&channel, publish, deadline).await
    }

    /// Publishes once, with no other message on the channel: what the broker closes it for is
    /// then known.
    async fn attempt_alone(
        &self,
        publish: &Publish,
        deadline: Instant,
    ) -> Result<(), PublishError> {
        let within = self.inner.within;
        let absent = || PublishError::NoConnection { within };
        let full = || PublishError::NoRoom { backlog: Backlog::Unconfirmed, within };
        let mut alone = in_time(deadline, self.inner.alone.lock(), full).await?;
        let channel = match alone.take().filter(|channel| channel.end().is_none()) {
            Some(channel) => channel,
            None => in_time(deadline, self.open_channel(), absent).await??,
        };
        self.send(&channel, publish, deadline).await?;
        *alone = Some(channel);
        Ok(())
    }

    async fn send(
        &self,
        channel: &Channel,
        publish: &Publish,
        deadline: Instant,
    ) -> Result<(), PublishError> {
        let within = self.inner.within;
        let held_up = || self.held_up();
        let sent = in_time(deadline, channel.publish(publish.clone()), held_up).await?;
        in_time(deadline, sent?, || PublishError::TimedOut { within }).await?
    }

    /// Why a message could not be sent on a connection that is open.
    fn held_up(&self) -> PublishError {
        let within = self.inner.within;
        let connection = self.inner.client.inner.publishing.current();
        let blocked = connection.and_then(|known| known.watch_blocked().borrow().clone());
        match blocked {
            Some(reason) => PublishError::Blocked { reason: reason.to_string(), within },
            None => PublishError::NoRoom { backlog: Backlog::Unwritten, within },
        }
    }

    /// The channel of this moment; opens one if there is none.
    async fn channel(&self) -> Result<Channel, PublishError> {
        if let Some(channel) = self.inner.current_channel() {
            return Ok(channel);
        }
        let _opening = self.inner.opening.lock().await;
        if let Some(channel) = self.inner.current_channel() {
            return Ok(channel);
        }
        let channel = self.open_channel().await?;
        *self.inner.channel.lock() = Some(channel.clone());
        Ok(channel)
    }

    /// Opens a channel in confirm mode, however long it takes.
    async fn open_channel(&self) -> Result<Channel, PublishError> {
        loop {
            let connection = self.inner.client.inner.publishing.newer_than(None).await;
            let connection =
                connection.map_err(|end| PublishError::ClientEnded { reason: end.to_string() })?;
            let opened = async {
                let channel = connection.channel().await?;
                channel.confirm_select().await?;
                Ok::<Channel, ChannelError>(channel)
            };
            match opened.await {
                Ok(channel) => return Ok(channel),
                Err(error) if error.is_connection_end() => {}
                Err(error) => return Err(PublishError::NotSent(error)),
            }
        }
    }
}

impl Inner {
    fn current_channel(&self) -> Option<Channel> {
        self.channel.lock().as_ref().filter(|channel| channel.end().is_none()).cloned()
    }
}

/// Whether what kept a message from being sent may not keep the next attempt.
const fn is_worth_another(reason: &ChannelError) -> bool {
    match reason {
        ChannelError::ConnectionEnded(_)
        | ChannelError::Closed { .. }
        | ChannelError::ClosedHere
        | ChannelError::TimedOut { .. } => true,
        ChannelError::ChannelsExhausted { .. } | ChannelError::TooLarge { .. } => false,
    }
}

async fn in_time<T>(
    deadline: Instant,
    step: impl Future<Output = T>,
    late: impl FnOnce() -> PublishError,
) -> Result<T, PublishError> {
    timeout_at(deadline, step).await.map_err(|_elapsed| late())
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("client", &self.inner.client)
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}
