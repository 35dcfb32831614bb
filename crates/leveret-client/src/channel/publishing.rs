//! Publishing.

use leveret_protocol::confirm;

use crate::{
    channel::{Channel, Confirm},
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
    /// Waits only while too much waits to be written. Send many, then wait for their confirms:
    /// waiting for each before the next is sent is slow. The channel must be in confirm mode.
    /// A confirm that is dropped leaves the message on its way.
    ///
    /// A mandatory message is kept until its confirm comes, to know it again if it comes back.
    pub async fn publish(&self, publish: Publish) -> Result<Confirm, PublishError> {
        self.core().room().await;
        let tag = self.core().publish(publish, Watch::Confirm)?;
        Ok(Confirm::new(self.clone(), tag))
    }

    /// Sends a message and asks no more: it may be lost without a word.
    pub async fn publish_and_forget(&self, publish: Publish) -> Result<(), PublishError> {
        self.core().room().await;
        self.core().publish(publish, Watch::Nothing).map(drop)
    }

    /// Mandatory messages that came back and that no confirm tells of, oldest first.
    ///
    /// The last 1,024 are kept.
    pub fn take_returned(&self) -> Vec<Returned> {
        self.core().take_returned()
    }
}
