//! One attempt at handling one message: what extractors draw from.

use std::fmt::{self, Debug, Formatter};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use leveret_client::Codecs;
use leveret_protocol::PropertiesBuilder;

use crate::failure::Failure;
use crate::ground::Ground;
use crate::locals::Locals;
use crate::message::Message;
use crate::participant::{AlreadyEnlisted, Participant};
use crate::principal::Principal;
use crate::publish::Publish;
use crate::publisher::Outbox;
use crate::shared::Shared;
use crate::threads::Seat;

/// An attempt at handling a message.
///
/// A clone is the same attempt: what is published or enlisted through it belongs to that.
#[derive(Debug)]
pub struct Request {
    message: Message,
    ground: Arc<Ground>,
    attempt: u32,
    attempts_max: u32,
    /// The messages, if it is a batch.
    parts: Vec<Self>,
    is_in_batch: bool,
    unit: OnceLock<Arc<Unit>>,
}

/// What one attempt has collected; made when something is.
#[derive(Debug, Default)]
struct Unit {
    // A lock, as extractors have the request shared; held for one look or one move.
    collected: Mutex<Collected>,
    is_duplicate: AtomicBool,
    /// Why a message of a batch cannot be read.
    refusal: OnceLock<Failure>,
}

#[derive(Default)]
struct Collected {
    outbox: Option<Outbox>,
    participant: Option<Box<dyn Participant>>,
    /// Where a function that blocks is to run.
    seat: Option<Seat>,
}

impl Request {
    #[inline]
    pub(crate) fn new(message: Message, ground: Arc<Ground>, attempts_max: u32) -> Self {
        Self {
            message,
            ground,
            attempt: 1,
            attempts_max,
            parts: Vec::new(),
            is_in_batch: false,
            unit: OnceLock::new(),
        }
    }

    /// The same attempt with another message in its place, for what is called with it. The
    /// message-id stays, as it is what the attempt is known by; dead letters and what is tried
    /// again are the message that came.
    #[must_use]
    pub fn with_message(&self, mut message: Message) -> Self {
        let id = self.message.message_id();
        if message.message_id() != id {
            message.properties =
                PropertiesBuilder::from(&message.properties).message_id(id).build();
        }
        Self { message, ..self.clone() }
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The name of the handler.
    pub fn handler(&self) -> &str {
        &self.ground.handler
    }

    /// The name of the application.
    pub fn app(&self) -> String {
        self.ground.shared.app_id.to_string()
    }

    /// Which attempt this is, from one.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The attempt after which the message becomes a dead letter.
    pub fn attempts_max(&self) -> u32 {
        self.attempts_max
    }

    /// A value given with [`Handlers::state`](crate::Handlers::state) or
    /// [`App::state`](crate::App::state).
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.ground.locals.state().or_else(|| self.ground.shared.state())
    }

    /// Lets something else take part in this attempt: it is completed before the message is
    /// acknowledged, or abandoned. Nothing takes part in a batch.
    pub fn enlist(&self, participant: impl Participant + 'static) -> Result<(), AlreadyEnlisted> {
        let mut collected = self.unit().collected();
        if collected.participant.is_some() || self.is_in_batch {
            return Err(AlreadyEnlisted);
        }
        collected.participant = Some(Box::new(participant));
        Ok(())
    }

    /// Whether something takes part already.
    pub fn has_participant(&self) -> bool {
        self.unit.get().is_some_and(|unit| unit.collected().participant.is_some())
    }

    /// Says that the message was handled before: whatever this attempt gives, it is acknowledged
    /// without effect, and counted as a duplicate.
    pub fn mark_duplicate(&self) {
        self.unit().is_duplicate.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_duplicate(&self) -> bool {
        self.unit.get().is_some_and(|unit| unit.is_duplicate.load(Ordering::Relaxed))
    }

    pub(crate) fn take_participant(&self) -> Option<Box<dyn Participant>> {
        self.unit.get()?.collected().participant.take()
    }

    /// The same for a batch: an attempt at many messages.
    pub(crate) fn with_parts(mut self, parts: Vec<Self>) -> Self {
        self.parts = parts;
        self.is_in_batch = true;
        self.parts.iter_mut().for_each(|part| part.is_in_batch = true);
        self
    }

    /// The messages of a batch; none outside of one.
    pub(crate) fn parts(&self) -> &[Self] {
        &self.parts
    }

    /// Says that this message of a batch cannot be read.
    pub(crate) fn refuse(&self, failure: Failure) {
        // A second reason adds nothing.
        self.unit().refusal.set(failure).ok();
    }

    pub(crate) fn refusal(&self) -> Option<Failure> {
        self.unit.get()?.refusal.get().cloned()
    }

    pub(crate) fn put_seat(&self, seat: Seat) {
        self.unit().collected().seat = Some(seat);
    }

    pub(crate) fn take_seat(&self) -> Option<Seat> {
        self.unit.get()?.collected().seat.take()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.ground.shared
    }

    /// The one that the handler names.
    pub(crate) fn principal(&self) -> Option<&Principal> {
        self.ground.principal.as_ref()
    }

    pub(crate) fn codecs(&self) -> &Codecs {
        &self.ground.codecs
    }

    pub(crate) fn locals(&self) -> &Locals {
        &self.ground.locals
    }

    pub(crate) fn outbox(&self) -> Outbox {
        self.unit().collected().outbox.get_or_insert_with(Outbox::open).clone()
    }

    /// What a `Publisher` collected in this attempt; nothing more is taken from now on.
    pub(crate) fn close_outbox(&self) -> Vec<Publish> {
        let close =
            |unit: &Arc<Unit>| unit.collected().outbox.get_or_insert_with(Outbox::open).close();
        self.unit.get().map(close).unwrap_or_default()
    }

    /// Drops what a `Publisher` collected so far; one that is asked for later begins anew.
    pub(crate) fn empty_outbox(&self) {
        if let Some(outbox) = self.unit.get().and_then(|unit| unit.collected().outbox.take()) {
            outbox.close();
        }
    }

    pub(crate) fn begin_attempt(&mut self, attempt: u32) {
        self.attempt = attempt;
        // It has had more by now if its deliveries count, or another policy held before.
        self.attempts_max = self.attempts_max.max(attempt);
        self.unit = OnceLock::new();
    }

    fn unit(&self) -> &Arc<Unit> {
        self.unit.get_or_init(Arc::default)
    }
}

impl Clone for Request {
    fn clone(&self) -> Self {
        Self {
            message: self.message.clone(),
            ground: self.ground.clone(),
            attempt: self.attempt,
            attempts_max: self.attempts_max,
            parts: self.parts.clone(),
            is_in_batch: self.is_in_batch,
            unit: self.unit().clone().into(),
        }
    }
}

impl Unit {
    fn collected(&self) -> MutexGuard<'_, Collected> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Debug for Collected {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Collected")
    }
}
