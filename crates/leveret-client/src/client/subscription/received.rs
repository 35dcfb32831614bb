//! A delivery of a subscription, which knows where it came from.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    channel::{Channel, Refusal},
    client::shared::Shared,
    connection::Generation,
    error::SettleError,
    message::Delivery,
};

/// A delivery of a [`Subscription`](crate::Subscription).
///
/// It is settled where it came from, and knows whether that is still there: what a lost
/// connection delivered, the broker delivers again on the next, and the settlement of the first
/// is sent nowhere.
///
/// One that is dropped unsettled stays so until its subscription is dropped.
#[derive(Debug)]
pub struct Received {
    delivery: Delivery,
    life: Arc<Life>,
}

/// What became of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settled {
    /// It is on its way.
    Sent,
    /// It was not sent: the channel of the delivery is over, and the broker delivers the message
    /// again. The client counts it.
    Stale,
    /// There is nothing to settle: it came without need of acknowledgement.
    NotNeeded,
}

/// One life of a subscription's consumer.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) channel: Channel,
    pub(crate) generation: Generation,
    pub(crate) shared: Arc<Shared>,
    /// Whether what it delivered can be settled no more.
    pub(crate) is_over: AtomicBool,
}

impl Received {
    pub(super) const fn new(delivery: Delivery, life: Arc<Life>) -> Self {
        Self { delivery, life }
    }

    /// The connection it came on.
    pub fn generation(&self) -> Generation {
        self.life.generation
    }

    /// Whether the channel it came on is over: the broker delivers it again, and settling it is
    /// [`Settled::Stale`].
    pub fn is_stale(&self) -> bool {
        self.life.channel.end().is_some()
    }

    /// Acknowledges it.
    pub fn ack(&self) -> Settled {
        self.life.count(self.life.channel.ack(&self.delivery))
    }

    /// Acknowledges it and all before it of the same subscription and generation.
    pub fn ack_up_to(&self) -> Settled {
        self.life.count(self.life.channel.ack_up_to(&self.delivery))
    }

    /// Refuses it.
    pub fn nack(&self, refusal: Refusal) -> Settled {
        self.life.count(self.life.channel.nack(&self.delivery, refusal))
    }

    /// Refuses it, in the way that every broker knows.
    pub fn reject(&self, refusal: Refusal) -> Settled {
        self.life.count(self.life.channel.reject(&self.delivery, refusal))
    }

    /// The delivery alone, which settles nothing.
    pub fn into_delivery(self) -> Delivery {
        self.delivery
    }
}

impl Deref for Received {
    type Target = Delivery;

    fn deref(&self) -> &Delivery {
        &self.delivery
    }
}

impl Life {
    fn count(&self, settled: Result<(), SettleError>) -> Settled {
        match settled {
            Ok(()) => Settled::Sent,
            Err(SettleError::NoAck) => Settled::NotNeeded,
            Err(SettleError::Foreign | SettleError::Channel(_)) => {
                self.shared.counters.stale_settlements.add_one();
                Settled::Stale
            }
        }
    }

    /// What it delivered and nobody took is worth nothing any more.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}
