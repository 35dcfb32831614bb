//! Whom the deliveries of a consumer are for.

use std::sync::Arc;

use leveret_protocol::ShortStr;

use crate::{
    error::ConsumerEnd,
    message::Delivery,
    state::{calls::Calls, deliveries::ConsumerQueue},
};

/// Whom the reader gives the deliveries of one consumer.
#[derive(Debug, Clone)]
pub(crate) enum Recipient {
    /// A consumer that takes them one after another.
    Queue(Arc<ConsumerQueue>),
    /// Calls, each of which takes its own.
    Calls(Arc<Calls>),
}

impl Recipient {
    /// Whether its deliveries want no settling.
    pub(crate) fn is_no_ack(&self) -> bool {
        match self {
            Self::Queue(queue) => queue.is_no_ack,
            Self::Calls(_) => true,
        }
    }

    /// Hands a delivery over; gives it back if nobody will take it.
    pub(crate) fn push(&self, delivery: Delivery) -> Result<(), Box<Delivery>> {
        match self {
            Self::Queue(queue) => queue.push(delivery),
            Self::Calls(calls) => {
                calls.handle_reply(delivery);
                Ok(())
            }
        }
    }

    /// The broker has started the consumer; whether anyone still wants it.
    pub(crate) fn start(&self, tag: ShortStr) -> bool {
        match self {
            Self::Queue(queue) => queue.start(tag),
            Self::Calls(_) => true,
        }
    }

    /// Nothing more will come.
    pub(crate) fn end(&self, end: ConsumerEnd) {
        match self {
            Self::Queue(queue) => queue.end(end),
            Self::Calls(calls) => calls.handle_end(&end),
        }
    }
}
