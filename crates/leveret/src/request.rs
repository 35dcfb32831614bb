//! One attempt at handling one message: what extractors draw from.

use std::sync::{Arc, OnceLock};

use crate::message::Message;
use crate::principal::Principal;
use crate::publish::Publish;
use crate::publisher::Outbox;
use crate::shared::Shared;

/// An attempt at handling a message.
#[derive(Debug)]
pub struct Request {
    message: Message,
    attempt: u32,
    attempts_max: u32,
    shared: Arc<Shared>,
    principal: Option<Principal>,
    outbox: OnceLock<Outbox>,
}

impl Request {
    pub(crate) fn new(
        message: Message,
        attempts_max: u32,
        shared: Arc<Shared>,
        principal: Option<Principal>,
    ) -> Self {
        Self { message, attempt: 1, attempts_max, shared, principal, outbox: OnceLock::new() }
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Which attempt this is, from one.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The attempt after which the message becomes a dead letter.
    pub fn attempts_max(&self) -> u32 {
        self.attempts_max
    }

    /// A value given with [`App::state`](crate::App::state).
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.shared.state()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The one that the handler names.
    pub(crate) fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    pub(crate) fn outbox(&self) -> Outbox {
        self.outbox.get_or_init(Outbox::open).clone()
    }

    /// What a `Publisher` collected in this attempt.
    pub(crate) fn close_outbox(&self) -> Vec<Publish> {
        self.outbox.get().map(Outbox::close).unwrap_or_default()
    }

    pub(crate) fn begin_attempt(&mut self, attempt: u32) {
        self.attempt = attempt;
        self.outbox = OnceLock::new();
    }
}
