//! What has happened between an application and its broker, in order.

use std::collections::BTreeMap;

use leveret_protocol::ShortStr;

use super::parcel::Parcel;
use super::steps::Steps;

/// How a message left its handler, as the broker was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Handled,
    DeadLettered,
    Postponed,
    Rejected,
    GivenBack,
}

/// A message that a handler is done with.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) handler: String,
    pub(crate) message: Parcel,
    pub(crate) fate: Fate,
    /// The name of the failure, if there was one.
    pub(crate) failure: Option<String>,
}

/// A message that the broker has taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    /// Whose output it is; none if it was published outside of handlers.
    pub(crate) handler: Option<String>,
    pub(crate) parcel: Parcel,
}

/// The record of one application.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) settled: Vec<Settled>,
    pub(crate) taken: Vec<Taken>,
    pub(crate) steps: Steps,
    /// Grows with whatever happens.
    pub(crate) events: u64,
    /// Handlers by their queues.
    handlers: BTreeMap<String, String>,
}

impl Log {
    pub(super) fn know(&mut self, handlers: BTreeMap<String, String>) {
        self.handlers = handlers;
    }

    pub(super) fn handler_of(&self, queue: &ShortStr) -> Option<String> {
        self.handlers.get(&*queue.to_string_lossy()).cloned()
    }

    pub(super) fn happened(&mut self) {
        self.events += 1;
    }

    pub(super) fn published(&mut self, handler: Option<String>, parcel: Parcel) {
        self.happened();
        self.taken.push(Taken { handler, parcel });
    }

    /// `unit` is what was published with it.
    pub(super) fn settled(&mut self, handler: &str, message: Parcel, fate: Fate, unit: &[Parcel]) {
        self.happened();
        let is_its = |parcel: &&Parcel| is_copy(parcel) && is_same(parcel, &message);
        let copy = unit.iter().find(is_its).filter(|_| fate == Fate::Handled);
        let fate = match copy {
            Some(copy) if is_dead_letter(copy) => Fate::DeadLettered,
            Some(_) => Fate::Postponed,
            None => fate,
        };
        let failure = copy.and_then(|copy| header(copy, "x-leveret-error-class"));
        self.settled.push(Settled { handler: handler.to_owned(), message, fate, failure });
    }
}

/// Whether it went to the dead letters, rather than to come back.
pub(crate) fn is_dead_letter(parcel: &Parcel) -> bool {
    // Only an obituary says when the last failure was.
    let headers = parcel.properties.headers();
    headers.is_some_and(|headers| headers.get("x-leveret-last-failure").is_some())
}

/// Whether it is a copy of a message whose attempt failed, or an error for whoever asked.
pub(super) fn is_copy(parcel: &Parcel) -> bool {
    header(parcel, "x-leveret-error-class").is_some()
}

fn is_same(one: &Parcel, other: &Parcel) -> bool {
    one.properties.message_id() == other.properties.message_id() && one.body == other.body
}

fn header(parcel: &Parcel, name: &str) -> Option<String> {
    Some(parcel.properties.headers()?.get(name)?.to_text_lossy()?.into_owned())
}
