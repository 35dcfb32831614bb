//! A message that a worker is at.

use std::mem::{replace, take};

use leveret_client::Delivery;
use leveret_protocol::{Properties, ShortStr};

use crate::later::{Past, arrived};
use crate::message::Message;

/// A message a worker is at.
pub(super) struct InHand {
    pub(super) message: Message,
    pub(super) past: Past,
}

/// What became of a message in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Done,
    /// It goes back to its queue with the channel.
    GivenBack,
}

impl InHand {
    /// Takes the message out of a delivery, which is only to be settled after that.
    #[inline]
    pub(super) fn taken(delivery: &mut Delivery, login: Option<&ShortStr>) -> Self {
        let mut message = Message {
            exchange: take(&mut delivery.exchange),
            routing_key: take(&mut delivery.routing_key),
            properties: replace(&mut delivery.properties, Properties::EMPTY),
            body: take(&mut delivery.body),
            redelivered: delivery.redelivered,
        };
        let past = arrived(&mut message, login);
        Self { message, past }
    }
}
