//! What a subscription is made with, and how it ends.

use leveret_protocol::ShortStr;

use crate::{
    channel::ConsumeOptions, client::error::ClientEnd, error::ChannelError, reconnect::Backoff,
};

/// What a [`Subscription`](crate::Subscription) is made with.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionOptions {
    /// The queue; if the broker named it, the name it had first.
    pub queue: ShortStr,
    /// How many deliveries may be unsettled at a time; 0 is no limit.
    pub prefetch: u16,
    /// How to consume.
    pub consume: ConsumeOptions,
    /// What happens when the broker cancels the consumer: its queue was deleted or failed over.
    pub on_cancel: Heal,
    /// What happens when the broker refuses to start the consumer again: with 404 the queue is
    /// gone, with 403 the right to it, with 405 another connection has it.
    pub on_refusal: Heal,
    /// The pauses before it starts again, where its connection is not the reason; after
    /// `attempts_max` it ends. A consumer that lived longer than the pause before it starts them
    /// anew.
    pub backoff: Backoff,
}

impl Default for SubscriptionOptions {
    fn default() -> Self {
        Self {
            queue: ShortStr::EMPTY,
            prefetch: 100,
            consume: ConsumeOptions::default(),
            on_cancel: Heal::Resubscribe,
            on_refusal: Heal::Resubscribe,
            backoff: Backoff::default(),
        }
    }
}

/// What a subscription does when it lost its consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Heal {
    /// It declares its queue again, if that was declared through the client, and consumes again.
    #[default]
    Resubscribe,
    /// It ends.
    End,
}

/// Why a subscription is over.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SubscriptionEnd {
    /// This side ended it.
    #[error("the subscription was cancelled by this client")]
    CancelledHere,
    /// The broker cancelled its consumer.
    #[error("the broker cancelled the consumer")]
    CancelledByBroker,
    /// The broker refused to start its consumer again, or closed its channel too often.
    #[error("the broker refused the consumer")]
    Refused(#[source] ChannelError),
    /// The client is over.
    #[error(transparent)]
    Client(#[from] ClientEnd),
}
