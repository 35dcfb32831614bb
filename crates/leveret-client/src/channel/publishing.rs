//! Publishing.

use leveret_protocol::{Method, channel, confirm};
use tokio::time::{Instant, timeout};

use crate::{
    channel::{Channel, Confirm, unexpected},
    error::{ChannelError, PublishError},
    message::{Publish, Returned},
    state::Watch,
};

impl Channel {
    /// Asks the broker to confirm every publish on this channel from now on.
    pub async fn confirm_select(&self) -> Result<(), ChannelError> {
        self.call(confirm::Select { no_wait: false }).await.map(drop)
    }

    /// Sends a message; what it gives waits for the broker's confirm.
    ///
    /// Waits only while the broker takes no publishes or too many are unwritten or unconfirmed,
    /// and no longer than [`publish_timeout`](crate::ConnectOptions::publish_timeout). Send many,
    /// then wait for their confirms: waiting for each before the next is sent is slow. The channel
    /// must be in confirm mode. A confirm that is dropped leaves the message on its way.
    ///
    /// A mandatory message is kept until its confirm comes, to know it again if it comes back.
    pub async fn publish(&self, publish: Publish) -> Result<Confirm, PublishError> {
        self.core().room().await?;
        let tag = self.core().publish(publish, Watch::Confirm)?;
        Ok(Confirm::new(self.clone(), tag))
    }

    /// Sends a message and waits until the broker has confirmed it.
    ///
    /// `Ok` means that the broker has taken it over and, if it was mandatory, that a queue has
    /// it. All of it takes at most [`publish_timeout`](crate::ConnectOptions::publish_timeout).
    pub async fn publish_and_confirm(&self, publish: Publish) -> Result<(), PublishError> {
        let within = self.core().bounds.publish_timeout;
        let began_at = Instant::now();
        let confirm = self.publish(publish).await?;
        let left = within.saturating_sub(began_at.elapsed());
        timeout(left, confirm).await.unwrap_or(Err(PublishError::TimedOut { within }))
    }

    /// Stops what the broker sends to the consumers of the channel, or lets it go on, where a
    /// broker can do that; says what is so now.
    ///
    /// `RabbitMQ` and Leveret cannot stop, and close the connection: [`qos`](Self::qos) bounds.
    pub async fn flow(&self, active: bool) -> Result<bool, ChannelError> {
        let reply = self.call(channel::Flow { active }).await?;
        let Method::ChannelFlowOk(now) = reply else { return Err(unexpected(&reply)) };
        Ok(now.active)
    }

    /// Sends a message and asks no more: it may be lost without a word.
    pub async fn publish_and_forget(&self, publish: Publish) -> Result<(), PublishError> {
        self.core().room().await?;
        self.core().publish(publish, Watch::Nothing).map(drop)
    }

    /// Mandatory messages that came back and that no confirm tells of, oldest first.
    ///
    /// The last 1,024 are kept.
    pub fn take_returned(&self) -> Vec<Returned> {
        self.core().take_returned()
    }
}
