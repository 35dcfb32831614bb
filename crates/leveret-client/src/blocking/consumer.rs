//! Consumers for threads.

use std::time::Duration;

use leveret_protocol::ShortStr;
use tokio::time::timeout;

use crate::{
    blocking::{
        driver::Driver,
        error::{Error, RecvError, unless_ended},
    },
    channel,
    error::{ChannelError, ConsumerEnd},
    liveness::Liveness,
    message::Delivery,
};

/// As [`Consumer`](crate::Consumer), for threads: an iterator of deliveries until it ends.
///
/// Dropped, it cancels itself in the background and waits for nothing.
#[derive(Debug)]
pub struct Consumer {
    consumer: channel::Consumer,
    driver: Driver,
}

/// Deliveries with a limit to the silence between them.
#[derive(Debug)]
pub struct Within<'a> {
    consumer: &'a mut Consumer,
    silence: Duration,
}

impl Consumer {
    pub(super) const fn over(consumer: channel::Consumer, driver: Driver) -> Self {
        Self { consumer, driver }
    }

    /// The consumer's name on its channel.
    pub const fn tag(&self) -> &ShortStr {
        self.consumer.tag()
    }

    /// The next delivery.
    pub fn recv(&mut self) -> Result<Delivery, RecvError> {
        let delivery = self.driver.wait(self.consumer.recv())?;
        delivery.ok_or_else(|| self.ended())
    }

    /// The next delivery, if it comes in time.
    pub fn recv_timeout(&mut self, within: Duration) -> Result<Delivery, RecvError> {
        let recv = async { timeout(within, self.consumer.recv()).await };
        match self.driver.wait(recv)? {
            Ok(delivery) => delivery.ok_or_else(|| self.ended()),
            Err(_elapsed) => Err(RecvError::TimedOut { within }),
        }
    }

    /// A delivery that is there already; never waits.
    pub fn try_recv(&mut self) -> Option<Delivery> {
        self.consumer.try_recv()
    }

    /// Iterates with a limit to the silence between two deliveries.
    ///
    /// After [`RecvError::TimedOut`] the iteration may go on.
    pub const fn within(&mut self, silence: Duration) -> Within<'_> {
        Within { consumer: self, silence }
    }

    /// Why no more deliveries come; nothing as long as they may.
    pub fn end(&self) -> Option<ConsumerEnd> {
        self.consumer.end()
    }

    fn ended(&self) -> RecvError {
        RecvError::Ended(self.end().unwrap_or(ConsumerEnd::CancelledHere))
    }

    /// Ends the consumer; what was delivered before can still be received.
    pub fn cancel(&self) -> Result<(), Error<ChannelError>> {
        self.driver.wait(self.consumer.cancel())?.map_err(Error::Operation)
    }

    /// Whether it runs as far as is known here.
    pub fn is_live(&self) -> bool {
        self.consumer.is_live()
    }

    /// Asks the broker whether the consumer's queue is there and is consumed from.
    pub fn verify_live(&self) -> Result<Liveness, Error<ChannelError>> {
        self.driver.wait(self.consumer.verify_live())?.map_err(Error::Operation)
    }
}

/// Nothing once the consumer has ended; an error is never one of its end.
impl Iterator for Consumer {
    type Item = Result<Delivery, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        unless_ended(self.recv())
    }
}

/// Nothing once the consumer has ended; an error is never one of its end.
impl Iterator for Within<'_> {
    type Item = Result<Delivery, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        unless_ended(self.consumer.recv_timeout(self.silence))
    }
}
