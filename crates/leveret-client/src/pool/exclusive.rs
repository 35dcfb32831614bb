//! A channel that is checked out.

use std::{ops::Deref, sync::Arc};

use tokio::sync::OwnedSemaphorePermit;

use crate::{
    channel::Channel,
    pool::{
        error::CheckoutError,
        slot::Place,
        stock::{Idle, Stock},
        tally::count,
    },
};

/// A channel of a pool that nobody else uses, until it is dropped.
///
/// Dropped, the channel goes back to the pool if it is as it was given: open, without consumers,
/// deliveries to settle, or a mode, and without clones left behind. Otherwise it is closed, also
/// for its clones and consumers, and the pool opens another: what was delivered and not settled
/// then goes back to its queue, marked as redelivered.
#[derive(Debug)]
pub struct Exclusive {
    stock: Arc<Stock>,
    channel: Channel,
    /// Taken out only as it goes.
    place: Option<Place>,
    _permit: OwnedSemaphorePermit,
}

impl Exclusive {
    /// Waits for a channel to be free, or opens one.
    pub(super) async fn check_out(stock: &Arc<Stock>) -> Result<Self, CheckoutError> {
        let deadline = stock.deadline();
        let permit = stock.permit(deadline).await?;
        let Idle { channel, place } = match stock.idle() {
            Some(idle) => idle,
            None => stock.fresh(deadline).await?,
        };
        let (stock, place) = (Arc::clone(stock), Some(place));
        Ok(Self { stock, channel, place, _permit: permit })
    }

    /// Gives the channel back and waits until the broker has heard of it.
    ///
    /// Consumers that were dropped are cancelled by then, and messages that were not settled are
    /// in their queues again.
    pub async fn give_back(self) {
        let prefetch = self.stock.options.prefetch;
        // The first reply says that the broker has read the cancels, and the second comes behind
        // their replies. A failed channel is replaced, so its error says nothing more.
        for _ in 0..2 {
            if self.channel.qos(prefetch).await.is_err() || self.channel.is_pristine(prefetch) {
                return;
            }
        }
        self.channel.close().await;
    }
}

impl Deref for Exclusive {
    type Target = Channel;

    fn deref(&self) -> &Channel {
        &self.channel
    }
}

impl Drop for Exclusive {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else { return };
        if self.channel.is_pristine(self.stock.options.prefetch) {
            self.stock.put_back(Idle { channel: self.channel.clone(), place });
        } else {
            count(&self.stock.tally.replaced);
            self.channel.close_soon();
        }
    }
}
