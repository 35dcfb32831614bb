//! Acknowledging and refusing deliveries.

use leveret_protocol::{Method, basic};

use crate::{channel::Channel, error::SettleError, message::Delivery, state::ChannelCore};

/// What becomes of a message that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It goes back to its queue and is delivered again.
    Requeue,
    /// It is dead-lettered if its queue has a dead-letter exchange, and dropped otherwise.
    Discard,
}

/// How many deliveries are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    One,
    UpTo,
}

/// What a delivery is answered with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Settlement {
    Ack(Reach),
    Nack(Reach, Refusal),
    Reject(Refusal),
}

impl Settlement {
    pub(super) fn send(self, core: &ChannelCore, delivery: &Delivery) -> Result<(), SettleError> {
        let delivery_tag = delivery.tag;
        let method = match self {
            Self::Ack(reach) => {
                Method::BasicAck(basic::Ack { delivery_tag, multiple: reach == Reach::UpTo })
            }
            Self::Nack(reach, refusal) => Method::BasicNack(basic::Nack {
                delivery_tag,
                multiple: reach == Reach::UpTo,
                requeue: refusal == Refusal::Requeue,
            }),
            Self::Reject(refusal) => Method::BasicReject(basic::Reject {
                delivery_tag,
                requeue: refusal == Refusal::Requeue,
            }),
        };
        core.settle(delivery, method)
    }
}

/// None of these wait: the settlement is on its way when they return. A delivery of another
/// channel, or of an earlier connection, is refused here and never sent: its tag would name
/// another message.
impl Channel {
    /// Acknowledges a delivery.
    pub fn ack(&self, delivery: &Delivery) -> Result<(), SettleError> {
        Settlement::Ack(Reach::One).send(self.core(), delivery)
    }

    /// Acknowledges a delivery and all before it on this channel.
    pub fn ack_up_to(&self, delivery: &Delivery) -> Result<(), SettleError> {
        Settlement::Ack(Reach::UpTo).send(self.core(), delivery)
    }

    /// Refuses a delivery.
    pub fn nack(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        Settlement::Nack(Reach::One, refusal).send(self.core(), delivery)
    }

    /// Refuses a delivery and all before it on this channel.
    pub fn nack_up_to(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        Settlement::Nack(Reach::UpTo, refusal).send(self.core(), delivery)
    }

    /// Refuses a delivery, in the way that every broker knows.
    pub fn reject(&self, delivery: &Delivery, refusal: Refusal) -> Result<(), SettleError> {
        Settlement::Reject(refusal).send(self.core(), delivery)
    }
}
