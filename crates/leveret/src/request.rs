//! One attempt at handling one message: what extractors draw from.

use std::fmt::{self, Debug, Formatter};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::failure::Failure;
use crate::locals::Locals;
use crate::message::Message;
use crate::participant::{AlreadyEnlisted, Participant};
use crate::principal::Principal;
use crate::publish::Publish;
use crate::publisher::Outbox;
use crate::shared::Shared;
use crate::threads::Seat;

/// An attempt at handling a message.
#[derive(Debug)]
pub struct Request {
    message: Message,
    handler: Arc<str>,
    attempt: u32,
    attempts_max: u32,
    shared: Arc<Shared>,
    principal: Option<Principal>,
    locals: Arc<Locals>,
    outbox: OnceLock<Outbox>,
    participant: Enlisted,
    is_duplicate: AtomicBool,
    /// Where a function that blocks is to run.
    seat: Mutex<Option<Seat>>,
    /// The messages, if it is a batch.
    parts: Vec<Self>,
    is_in_batch: bool,
    /// Why a message of a batch cannot be read.
    refusal: OnceLock<Failure>,
}

/// The place of the one participant.
// A lock, as extractors have the request shared; held for one look or one move.
#[derive(Default)]
struct Enlisted(Mutex<Option<Box<dyn Participant>>>);

impl Request {
    pub(crate) fn new(
        message: Message,
        handler: &str,
        attempts_max: u32,
        shared: Arc<Shared>,
        principal: Option<Principal>,
    ) -> Self {
        Self {
            message,
            handler: handler.into(),
            attempt: 1,
            attempts_max,
            shared,
            principal,
            locals: Arc::default(),
            outbox: OnceLock::new(),
            participant: Enlisted::default(),
            is_duplicate: AtomicBool::new(false),
            seat: Mutex::default(),
            parts: Vec::new(),
            is_in_batch: false,
            refusal: OnceLock::new(),
        }
    }

    /// With what only its handler has.
    pub(crate) fn with_locals(mut self, locals: &Arc<Locals>) -> Self {
        self.locals = locals.clone();
        self
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The name of the handler.
    pub fn handler(&self) -> &str {
        &self.handler
    }

    /// The name of the application.
    pub fn app(&self) -> String {
        self.shared.app_id.to_string()
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
        self.locals.state().or_else(|| self.shared.state())
    }

    /// Lets something else take part in this attempt: it is completed before the message is
    /// acknowledged, or abandoned. Nothing takes part in a batch.
    pub fn enlist(&self, participant: impl Participant + 'static) -> Result<(), AlreadyEnlisted> {
        let mut enlisted = self.participant.0.lock().unwrap_or_else(PoisonError::into_inner);
        if enlisted.is_some() || self.is_in_batch {
            return Err(AlreadyEnlisted);
        }
        *enlisted = Some(Box::new(participant));
        Ok(())
    }

    /// Whether something takes part already.
    pub fn has_participant(&self) -> bool {
        self.participant.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Says that the message was handled before: whatever this attempt gives, it is acknowledged
    /// without effect, and counted as a duplicate.
    pub fn mark_duplicate(&self) {
        self.is_duplicate.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_duplicate(&self) -> bool {
        self.is_duplicate.load(Ordering::Relaxed)
    }

    pub(crate) fn take_participant(&self) -> Option<Box<dyn Participant>> {
        self.participant.0.lock().unwrap_or_else(PoisonError::into_inner).take()
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
        self.refusal.set(failure).ok();
    }

    pub(crate) fn refusal(&self) -> Option<Failure> {
        self.refusal.get().cloned()
    }

    pub(crate) fn put_seat(&self, seat: Seat) {
        *self.seat.lock().unwrap_or_else(PoisonError::into_inner) = Some(seat);
    }

    pub(crate) fn take_seat(&self) -> Option<Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The one that the handler names.
    pub(crate) fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    pub(crate) fn locals(&self) -> &Locals {
        &self.locals
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

impl Debug for Enlisted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Enlisted")
    }
}
