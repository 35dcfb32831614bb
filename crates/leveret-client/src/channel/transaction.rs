//! A channel on which publishes and settlements happen together or not at all.

use leveret_protocol::{Method, ShortStr, tx};

use crate::{
    channel::{AckMode, Channel, ConsumeOptions, Consumer, Refusal},
    error::{ChannelError, PublishError, SettleError},
    message::{Delivery, Got, Publish, Returned},
    state::Watch,
};

/// A channel in transaction mode.
///
/// Publishes and settlements wait at the broker until [`commit`](Self::commit). They also wait
/// here to be written together with it, so a transaction costs one write.
///
/// Settlements are made on this channel, also of what [`Consumer`]s deliver:
/// their [`channel`](Consumer::channel) is the same.
///
/// A channel in transaction mode confirms nothing but its commits, so there is no other confirm
/// to ask for:
///
/// ```compile_fail,E0599
/// # async fn example(channel: leveret_client::Channel) -> Result<(), Box<dyn std::error::Error>> {
/// let transaction = channel.into_tx().await?;
/// transaction.confirm_select().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TxChannel {
    channel: Channel,
}

/// What came of a commit.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
#[must_use = "messages that no queue took are in it"]
pub struct Committed {
    /// Mandatory messages of the transaction that no queue took.
    pub returned: Vec<Returned>,
    /// Whether nothing of the transaction was done, as those would have gone nowhere: it is as if
    /// it had been rolled back. Only where [`refused_commits`](crate::ConnectOptions::refused_commits)
    /// are asked for.
    pub is_undone: bool,
}

impl Channel {
    /// Puts the channel into transaction mode, for good.
    pub async fn into_tx(self) -> Result<TxChannel, ChannelError> {
        self.call(tx::Select).await?;
        Ok(TxChannel { channel: self })
    }
}

impl TxChannel {
    /// Publishes a message with the next commit.
    pub async fn publish(&self, publish: Publish) -> Result<(), PublishError> {
        self.channel.core().room().await?;
        self.channel.core().publish(publish, Watch::Nothing).map(drop)
    }

    /// Acknowledges a delivery with the next commit.
    pub fn ack(&self, delivery: &Delivery) -> Result<(), SettleError> {
        self.channel.ack(delivery)
    }

    /// Acknowledges a delivery and all before it with the next commit.
    pub fn ack_up_to(&self, delivery: &Delivery) -> Result<(), SettleError> {
        self.channel.ack_up_to(delivery)
    }

    /// Refuses a delivery with the next commit.
    pub fn nack(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        self.channel.nack(delivery, refusal)
    }

    /// Refuses a delivery and all before it with the next commit.
    pub fn nack_up_to(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        self.channel.nack_up_to(delivery, refusal)
    }

    /// Refuses a delivery with the next commit, in the way that every broker knows.
    pub fn reject(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        self.channel.reject(delivery, refusal)
    }

    /// Makes everything since the last commit or rollback happen.
    ///
    /// If the connection is lost while it waits, nobody knows whether it did. It is
    /// [undone](Committed::is_undone) where the options ask for that.
    pub async fn commit(&self) -> Result<Committed, ChannelError> {
        let answer = self.channel.call(tx::Commit).await?;
        let is_undone = matches!(answer, Method::TxRollbackOk(_));
        Ok(Committed { returned: self.channel.take_returned(), is_undone })
    }

    /// Forgets everything since the last commit or rollback.
    ///
    /// Deliveries whose settlement is forgotten are unsettled again; they are not redelivered.
    pub async fn rollback(&self) -> Result<(), ChannelError> {
        self.channel.call(tx::Rollback).await.map(drop)
    }

    /// As [`Channel::qos`].
    pub async fn qos(&self, prefetch: u16) -> Result<(), ChannelError> {
        self.channel.qos(prefetch).await
    }

    /// As [`Channel::qos_shared`].
    pub async fn qos_shared(&self, prefetch: u16) -> Result<(), ChannelError> {
        self.channel.qos_shared(prefetch).await
    }

    /// As [`Channel::consume`].
    pub async fn consume(
        &self,
        queue: ShortStr,
        options: ConsumeOptions,
    ) -> Result<Consumer, ChannelError> {
        self.channel.consume(queue, options).await
    }

    /// As [`Channel::get`].
    pub async fn get(
        &self,
        queue: ShortStr,
        ack_mode: AckMode,
    ) -> Result<Option<Got>, ChannelError> {
        self.channel.get(queue, ack_mode).await
    }

    /// As [`Channel::recover`].
    pub async fn recover(&self) -> Result<(), ChannelError> {
        self.channel.recover().await
    }

    /// Why the channel is over; nothing while it is open.
    pub fn end(&self) -> Option<ChannelError> {
        self.channel.end()
    }

    /// Closes the channel; what was not committed does not happen.
    pub async fn close(&self) {
        self.channel.close().await;
    }
}
