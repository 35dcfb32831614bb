//! How a callback consumer works.

use crate::channel::{ConsumeOptions, Refusal};

/// How to consume with a callback.
#[derive(Debug, Clone, PartialEq)]
pub struct CallbackOptions {
    /// How to consume.
    pub consume: ConsumeOptions,
    /// How many calls run at once; 0 counts as 1.
    pub concurrency: usize,
    /// What becomes of a message whose call panics.
    ///
    /// One that is requeued comes again at once, and panics again perhaps: discard it where the
    /// queue has a dead-letter exchange.
    pub on_panic: Refusal,
}

impl Default for CallbackOptions {
    fn default() -> Self {
        Self { consume: ConsumeOptions::default(), concurrency: 1, on_panic: Refusal::Requeue }
    }
}

/// What a callback says of its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handled {
    /// It is done with, and is acknowledged.
    Ack,
    /// It is refused.
    Refuse(Refusal),
    /// The callback has settled it, or will.
    Settled,
}

/// What a callback consumer has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CallbackCounters {
    /// Calls that came to their end.
    pub handled: u64,
    /// Calls that panicked.
    pub panicked: u64,
    /// Messages that could not be settled because the channel was over; they come again.
    pub unsettled: u64,
}
