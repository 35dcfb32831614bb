//! Pools: named, lazy stocks of connections and channels.
//!
//! They heal as they are used: whatever is found dead at a check-out is replaced, and nothing
//! runs in between. What was checked out stays raw; its errors say what happened.

mod config;
mod error;
mod exclusive;
mod options;
mod registry;
mod renewed;
mod slot;
mod stock;
mod tally;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use self::stock::Stock;
pub use self::{
    config::{PoolConfig, PoolConfigError, PoolsConfig},
    error::{CheckoutError, PoolPublishError},
    exclusive::Exclusive,
    options::PoolOptions,
    registry::{Pools, UnknownPool},
    tally::PoolCounters,
};
use crate::{channel::Channel, error::PublishError, message::Publish};

/// A pool of connections and their channels; a clone is the same pool.
///
/// Publishers share one channel of each connection; consumers check out one of their own. A
/// channel that the broker closes is replaced at the next check-out, and its neighbours on the
/// connection go on. A lost connection is replaced at the next check-out too, with pauses
/// between attempts and a deadline.
///
/// A broker that is out of memory blocks connections that publish, so consumers are better off
/// with a pool of their own.
#[derive(Debug, Clone)]
pub struct Pool {
    stock: Arc<Stock>,
}

impl Pool {
    /// A pool that connects when it is first asked for a channel.
    pub fn new(name: &str, options: PoolOptions) -> Self {
        Self { stock: Arc::new(Stock::new(name, options)) }
    }

    /// The name that its errors tell.
    pub fn name(&self) -> &str {
        &self.stock.name
    }

    /// What it was made of.
    pub fn options(&self) -> &PoolOptions {
        &self.stock.options
    }

    /// A channel in confirm mode that others publish on too, each time on the next connection.
    ///
    /// It is there for publishing alone: whoever publishes to an exchange that does not exist
    /// closes it for all. It is cheap to get, so get it anew for each message or handful, and
    /// not once for ever.
    pub async fn shared(&self) -> Result<Channel, CheckoutError> {
        self.stock.shared().await
    }

    /// A channel that nobody else uses.
    ///
    /// Waits, first come, first served, while all are in use.
    pub async fn exclusive(&self) -> Result<Exclusive, CheckoutError> {
        Exclusive::check_out(&self.stock).await
    }

    /// Publishes a message on a shared channel and waits until the broker has confirmed it.
    ///
    /// A message that could not be sent because its channel had just ended is sent on the next;
    /// one whose confirm did not come is not sent again. Waiting for the confirm takes at most
    /// [`publish_timeout`](crate::ConnectOptions::publish_timeout).
    pub async fn publish(&self, publish: Publish) -> Result<(), PoolPublishError> {
        let deadline = self.stock.deadline();
        loop {
            let channel = self.shared().await?;
            let published = channel.publish_and_confirm(publish.clone()).await;
            let is_late = Instant::now() >= deadline;
            match published {
                Err(PublishError::NotSent(_)) if channel.end().is_some() && !is_late => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Asks the broker on each connection whether it answers, and connects if there is none.
    ///
    /// Gives how long the slowest answer took.
    pub async fn check(&self) -> Result<Duration, CheckoutError> {
        self.stock.check_open()?;
        let deadline = self.stock.deadline();
        let mut slowest = Duration::ZERO;
        for slot in self.stock.to_probe() {
            let took = match timeout_at(deadline, slot.probe()).await {
                Ok(took) => took.map_err(|refusal| self.stock.refused(refusal))?,
                Err(_elapsed) => return Err(self.stock.down(slot)),
            };
            slowest = slowest.max(took);
        }
        Ok(slowest)
    }

    /// What it has, and what happened to it.
    pub fn counters(&self) -> PoolCounters {
        self.stock.counters()
    }

    /// Closes all connections, also under channels that are checked out; no channel is given
    /// any more.
    pub async fn close(&self) {
        self.stock.close().await;
    }
}
