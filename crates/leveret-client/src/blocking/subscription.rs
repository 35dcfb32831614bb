//! Healing subscriptions for threads.

use std::{iter, time::Duration};

use leveret_protocol::ShortStr;
use tokio::time::timeout;

use crate::{
    blocking::{
        client::Client,
        driver::{Driver, InsideAsync},
        error::{Error, RecvError, unless_ended},
    },
    client::{self, ClientError, Received, SubscriptionEnd, SubscriptionOptions},
};

/// As [`Subscription`](crate::Subscription), for threads: an iterator of deliveries until it ends.
///
/// Dropped, it cancels itself in the background and waits for nothing.
#[derive(Debug)]
pub struct Subscription {
    subscription: client::Subscription,
    driver: Driver,
}

/// A delivery of a subscription, or why there is none.
type Next = Result<Received, RecvError<SubscriptionEnd>>;

impl Client {
    /// Consumes from a queue; waits until the broker has said so.
    pub fn subscribe(
        &self,
        options: SubscriptionOptions,
    ) -> Result<Subscription, Error<ClientError>> {
        let subscribed = self.driver().wait(self.as_async().subscribe(options))?;
        Ok(Subscription::over(subscribed.map_err(Error::Operation)?, self.driver().clone()))
    }
}

impl Subscription {
    /// Lets threads use a subscription of a client that was started on the driver's runtime.
    pub const fn over(subscription: client::Subscription, driver: Driver) -> Self {
        Self { subscription, driver }
    }

    /// The subscription for async callers, which also tells its state.
    pub const fn as_async(&self) -> &client::Subscription {
        &self.subscription
    }

    /// The next delivery.
    pub fn recv(&mut self) -> Next {
        let received = self.driver.wait(self.subscription.recv())?;
        received.ok_or_else(|| self.ended())
    }

    /// The next delivery, if it comes in time.
    pub fn recv_timeout(&mut self, within: Duration) -> Next {
        let recv = async { timeout(within, self.subscription.recv()).await };
        match self.driver.wait(recv)? {
            Ok(received) => received.ok_or_else(|| self.ended()),
            Err(_elapsed) => Err(RecvError::TimedOut { within }),
        }
    }

    /// Iterates with a limit to the silence between two deliveries.
    ///
    /// After [`RecvError::TimedOut`] the iteration may go on.
    pub fn within(&mut self, silence: Duration) -> impl Iterator<Item = Next> {
        iter::from_fn(move || unless_ended(self.recv_timeout(silence)))
    }

    fn ended(&self) -> RecvError<SubscriptionEnd> {
        RecvError::Ended(self.end().unwrap_or(SubscriptionEnd::CancelledHere))
    }

    /// The queue, by the name it was asked for.
    pub const fn queue(&self) -> &ShortStr {
        self.subscription.queue()
    }

    /// Why it is over; nothing while it is not.
    pub fn end(&self) -> Option<SubscriptionEnd> {
        self.subscription.end()
    }

    /// Whether the broker consumes for it on the connection of this moment.
    pub fn is_live(&self) -> bool {
        self.subscription.is_live()
    }

    /// Waits until it [is live](Self::is_live), or over; tells which.
    pub fn live(&self) -> Result<bool, InsideAsync> {
        self.driver.wait(self.subscription.live())
    }

    /// Asks the broker whether the queue has a consumer, and this side whether it
    /// [is live](Self::is_live).
    pub fn verify(&self) -> Result<bool, Error<ClientError>> {
        self.driver.wait(self.subscription.verify())?.map_err(Error::Operation)
    }

    /// Ends it; what was delivered before can still be received and settled.
    pub fn cancel(&mut self) -> Result<(), InsideAsync> {
        self.driver.wait(self.subscription.cancel())
    }
}

/// Nothing once the subscription has ended; an error is never one of its end.
impl Iterator for Subscription {
    type Item = Next;

    fn next(&mut self) -> Option<Next> {
        unless_ended(self.recv())
    }
}
