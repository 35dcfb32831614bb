//! A message that a worker is at.

use leveret_client::Delivery;
use leveret_protocol::ShortStr;

use crate::later::{Past, arrived};
use crate::message::Message;

/// A message a worker is at.
pub(super) struct InHand<'a> {
    pub(super) delivery: &'a Delivery,
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

impl<'a> InHand<'a> {
    pub(super) fn of(delivery: &'a Delivery, login: Option<&ShortStr>) -> Self {
        let mut message = Message {
            exchange: delivery.exchange.clone(),
            routing_key: delivery.routing_key.clone(),
            properties: delivery.properties.clone(),
            body: delivery.body.clone(),
            redelivered: delivery.redelivered,
        };
        let past = arrived(&mut message, login);
        Self { delivery, message, past }
    }
}
