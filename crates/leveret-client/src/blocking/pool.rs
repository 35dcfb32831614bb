//! Pools for threads.

use std::{ops::Deref, time::Duration};

use crate::{
    blocking::{
        channel::Channel,
        driver::{Driver, InsideAsync},
        error::Error,
    },
    message::Publish,
    pool::{self, CheckoutError, PoolCounters, PoolOptions, PoolPublishError},
};

/// As [`Pool`](crate::Pool), for threads; a clone is the same pool.
///
/// A pool that both threads and async tasks use is made [`over`](Self::over) one, with a driver
/// on the runtime of the tasks.
#[derive(Debug, Clone)]
pub struct Pool {
    pool: pool::Pool,
    driver: Driver,
}

/// As [`Exclusive`](crate::Exclusive), for threads.
///
/// Dropped, it gives the channel back or closes it in the background, and waits for nothing.
#[derive(Debug)]
pub struct Exclusive {
    // Dropped first: the guard looks whether clones of its channel are left.
    channel: Channel,
    exclusive: pool::Exclusive,
}

impl Pool {
    /// A pool on the shared [`Driver`], which connects when it is first asked for a channel.
    pub fn new(name: &str, options: PoolOptions) -> std::io::Result<Self> {
        Ok(Self::over(pool::Pool::new(name, options), Driver::shared()?))
    }

    /// Lets threads use a pool whose connections are opened on the driver's runtime.
    pub const fn over(pool: pool::Pool, driver: Driver) -> Self {
        Self { pool, driver }
    }

    /// The pool for async callers.
    pub const fn as_async(&self) -> &pool::Pool {
        &self.pool
    }

    /// A channel in confirm mode that others publish on too.
    pub fn shared(&self) -> Result<Channel, Error<CheckoutError>> {
        let channel = self.driver.wait(self.pool.shared())?.map_err(Error::Operation)?;
        Ok(Channel::over(channel, self.driver.clone()))
    }

    /// A channel that nobody else uses.
    pub fn exclusive(&self) -> Result<Exclusive, Error<CheckoutError>> {
        let exclusive = self.driver.wait(self.pool.exclusive())?.map_err(Error::Operation)?;
        Ok(Exclusive::over(exclusive, self.driver.clone()))
    }

    /// Publishes a message on a shared channel and waits until the broker has confirmed it.
    pub fn publish(&self, publish: Publish) -> Result<(), Error<PoolPublishError>> {
        self.driver.wait(self.pool.publish(publish))?.map_err(Error::Operation)
    }

    /// Asks the broker on each connection whether it answers; gives the slowest answer's time.
    pub fn check(&self) -> Result<Duration, Error<CheckoutError>> {
        self.driver.wait(self.pool.check())?.map_err(Error::Operation)
    }

    /// What it has, and what happened to it.
    pub fn counters(&self) -> PoolCounters {
        self.pool.counters()
    }

    /// Closes all connections; no channel is given any more.
    pub fn close(&self) -> Result<(), InsideAsync> {
        self.driver.wait(self.pool.close())
    }
}

impl Exclusive {
    fn over(exclusive: pool::Exclusive, driver: Driver) -> Self {
        Self { channel: Channel::over((*exclusive).clone(), driver), exclusive }
    }

    /// Gives the channel back and waits until the broker has heard of it.
    pub fn give_back(self) -> Result<(), InsideAsync> {
        let Self { channel, exclusive } = self;
        let driver = channel.into_driver();
        driver.wait(exclusive.give_back())
    }
}

impl Deref for Exclusive {
    type Target = Channel;

    fn deref(&self) -> &Channel {
        &self.channel
    }
}
