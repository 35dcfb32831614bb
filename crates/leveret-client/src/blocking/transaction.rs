//! Transactions for threads.

use leveret_protocol::ShortStr;

use crate::{
    blocking::{
        consumer::Consumer,
        driver::{Driver, InsideAsync},
        error::Error,
    },
    channel::{self, AckMode, Committed, ConsumeOptions, Refusal},
    error::{ChannelError, PublishError, SettleError},
    message::{Delivery, Got, Publish},
};

/// As [`TxChannel`](crate::TxChannel), for threads.
#[derive(Debug)]
pub struct TxChannel {
    channel: channel::TxChannel,
    driver: Driver,
}

impl TxChannel {
    pub(super) const fn over(channel: channel::TxChannel, driver: Driver) -> Self {
        Self { channel, driver }
    }

    fn call<T>(
        &self,
        operation: impl Future<Output = Result<T, ChannelError>>,
    ) -> Result<T, Error<ChannelError>> {
        self.driver.wait(operation)?.map_err(Error::Operation)
    }

    /// Publishes a message with the next commit.
    pub fn publish(&self, publish: Publish) -> Result<(), Error<PublishError>> {
        self.driver.wait(self.channel.publish(publish))?.map_err(Error::Operation)
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

    /// Refuses a delivery with the next commit, in the way that every broker knows.
    pub fn reject(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        self.channel.reject(delivery, refusal)
    }

    /// Makes everything since the last commit or rollback happen.
    pub fn commit(&self) -> Result<Committed, Error<ChannelError>> {
        self.call(self.channel.commit())
    }

    /// Forgets everything since the last commit or rollback.
    pub fn rollback(&self) -> Result<(), Error<ChannelError>> {
        self.call(self.channel.rollback())
    }

    /// Limits how many unsettled deliveries each consumer started from now on has; 0 is no limit.
    pub fn qos(&self, prefetch: u16) -> Result<(), Error<ChannelError>> {
        self.call(self.channel.qos(prefetch))
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

    /// Why the channel is over; nothing while it is open.
    pub fn end(&self) -> Option<ChannelError> {
        self.channel.end()
    }

    /// Closes the channel; what was not committed does not happen.
    pub fn close(&self) -> Result<(), InsideAsync> {
        self.driver.wait(self.channel.close())
    }
}
