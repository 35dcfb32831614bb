//! The confirm of one publish.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{channel::Channel, error::PublishError, link::Waiting};

/// Becomes ready when the broker has confirmed the publish, or it failed.
///
/// `Ok` means that the broker has taken the message over and, if it was mandatory, that a
/// queue has it.
#[derive(Debug)]
#[must_use = "a publish that nobody waits for may fail unseen"]
pub struct Confirm {
    channel: Channel,
    tag: u64,
    is_known: bool,
    waiting: Option<Waiting>,
}

impl Confirm {
    pub(super) const fn new(channel: Channel, tag: u64) -> Self {
        Self { channel, tag, is_known: false, waiting: None }
    }

    /// The publish's number on its channel, from 1.
    pub const fn tag(&self) -> u64 {
        self.tag
    }
}

impl Future for Confirm {
    type Output = Result<(), PublishError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = self.channel.core().poll_confirm(self.tag, context.waker());
        if outcome.is_ready() {
            self.is_known = true;
            self.waiting = None;
        } else if self.waiting.is_none() {
            let waiting = self.channel.core().gate.wait();
            self.waiting = Some(waiting);
        }
        outcome
    }
}

impl Drop for Confirm {
    fn drop(&mut self) {
        if !self.is_known {
            self.channel.core().abandon_confirm(self.tag);
        }
    }
}
