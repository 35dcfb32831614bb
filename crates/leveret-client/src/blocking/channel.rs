//! Channels for threads.

use std::time::Duration;

use leveret_protocol::{ChannelNumber, ShortStr};

use crate::{
    blocking::{
        consumer::Consumer,
        driver::{Driver, InsideAsync},
        error::Error,
        transaction::TxChannel,
    },
    channel::{self, AckMode, ConsumeOptions, Refusal},
    error::{ChannelError, PublishError, SettleError},
    message::{Delivery, Got, Publish, Returned},
};

/// As [`Channel`](crate::Channel), for threads; a clone is the same channel.
#[derive(Debug, Clone)]
pub struct Channel {
    channel: channel::Channel,
    driver: Driver,
}

/// The confirm of one publish, for threads.
#[derive(Debug)]
#[must_use = "a publish that nobody waits for may fail unseen"]
pub struct Confirm {
    confirm: channel::Confirm,
    driver: Driver,
}

impl Channel {
    /// Lets threads use a channel that was opened on the driver's runtime.
    pub const fn over(channel: channel::Channel, driver: Driver) -> Self {
        Self { channel, driver }
    }

    /// The channel for async callers.
    pub const fn as_async(&self) -> &channel::Channel {
        &self.channel
    }

    /// Lets go of the channel.
    pub(super) fn into_driver(self) -> Driver {
        self.driver
    }

    pub(super) fn call<T>(
        &self,
        operation: impl Future<Output = Result<T, ChannelError>>,
    ) -> Result<T, Error<ChannelError>> {
        self.driver.wait(operation)?.map_err(Error::Operation)
    }

    /// The channel's number on its connection.
    pub fn number(&self) -> ChannelNumber {
        self.channel.number()
    }

    /// Why the channel is over; nothing while it is open.
    pub fn end(&self) -> Option<ChannelError> {
        self.channel.end()
    }

    /// Closes the channel and waits until the broker has agreed.
    pub fn close(&self) -> Result<(), InsideAsync> {
        self.driver.wait(self.channel.close())
    }

    /// Asks the broker to confirm every publish on this channel from now on.
    pub fn confirm_select(&self) -> Result<(), Error<ChannelError>> {
        self.call(self.channel.confirm_select())
    }

    /// Sends a message; what it gives waits for the broker's confirm.
    pub fn publish(&self, publish: Publish) -> Result<Confirm, Error<PublishError>> {
        let confirm = self.driver.wait(self.channel.publish(publish))?.map_err(Error::Operation)?;
        Ok(Confirm { confirm, driver: self.driver.clone() })
    }

    /// Sends a message and waits until the broker has confirmed it.
    pub fn publish_and_confirm(&self, publish: Publish) -> Result<(), Error<PublishError>> {
        self.driver.wait(self.channel.publish_and_confirm(publish))?.map_err(Error::Operation)
    }

    /// Sends a message and asks no more: it may be lost without a word.
    pub fn publish_and_forget(&self, publish: Publish) -> Result<(), Error<PublishError>> {
        self.driver.wait(self.channel.publish_and_forget(publish))?.map_err(Error::Operation)
    }

    /// Mandatory messages that came back and that no confirm tells of, oldest first.
    pub fn take_returned(&self) -> Vec<Returned> {
        self.channel.take_returned()
    }

    /// Limits how many unsettled deliveries each consumer started from now on has; 0 is no limit.
    pub fn qos(&self, prefetch: u16) -> Result<(), Error<ChannelError>> {
        self.call(self.channel.qos(prefetch))
    }

    /// Limits how many unsettled deliveries all consumers of the channel have together.
    pub fn qos_shared(&self, prefetch: u16) -> Result<(), Error<ChannelError>> {
        self.call(self.channel.qos_shared(prefetch))
    }

    /// Starts a consumer.
    pub fn consume(
        &self,
        queue: ShortStr,
        options: ConsumeOptions,
    ) -> Result<Consumer, Error<ChannelError>> {
        let consumer = self.call(self.channel.consume(queue, options))?;
        Ok(Consumer::over(consumer, self.driver.clone()))
    }

    /// Takes one message from a queue, if there is one.
    pub fn get(
        &self,
        queue: ShortStr,
        ack_mode: AckMode,
    ) -> Result<Option<Got>, Error<ChannelError>> {
        self.call(self.channel.get(queue, ack_mode))
    }

    /// Has everything that was delivered and not settled delivered again.
    pub fn recover(&self) -> Result<(), Error<ChannelError>> {
        self.call(self.channel.recover())
    }

    /// Stops what the broker sends to the consumers of the channel, or lets it go on.
    pub fn flow(&self, active: bool) -> Result<bool, Error<ChannelError>> {
        self.call(self.channel.flow(active))
    }

    /// Puts the channel into transaction mode, for good.
    pub fn into_tx(self) -> Result<TxChannel, Error<ChannelError>> {
        let Self { channel, driver } = self;
        let tx = driver.wait(channel.into_tx())?.map_err(Error::Operation)?;
        Ok(TxChannel::over(tx, driver))
    }
}

/// As on the async channel; none of these wait.
impl Channel {
    /// Acknowledges a delivery.
    pub fn ack(&self, delivery: &Delivery) -> Result<(), SettleError> {
        self.channel.ack(delivery)
    }

    /// Acknowledges a delivery and all before it on this channel.
    pub fn ack_up_to(&self, delivery: &Delivery) -> Result<(), SettleError> {
        self.channel.ack_up_to(delivery)
    }

    /// Refuses a delivery.
    pub fn nack(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        self.channel.nack(delivery, refusal)
    }

    /// Refuses a delivery and all before it on this channel.
    pub fn nack_up_to(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        self.channel.nack_up_to(delivery, refusal)
    }

    /// Refuses a delivery, in the way that every broker knows.
    pub fn reject(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        self.channel.reject(delivery, refusal)
    }
}

impl Confirm {
    /// The publish's number on its channel, from 1.
    pub const fn tag(&self) -> u64 {
        self.confirm.tag()
    }

    /// Waits until the broker has confirmed the publish, or it failed.
    pub fn wait(self) -> Result<(), Error<PublishError>> {
        self.driver.wait(self.confirm)?.map_err(Error::Operation)
    }

    /// The same for a time; [`PublishError::TimedOut`] leaves the outcome unknown.
    pub fn wait_timeout(self, within: Duration) -> Result<(), Error<PublishError>> {
        let confirm = self.confirm;
        let confirmed = self.driver.wait(async { tokio::time::timeout(within, confirm).await })?;
        let late = PublishError::TimedOut { within };
        confirmed.unwrap_or(Err(late)).map_err(Error::Operation)
    }
}
