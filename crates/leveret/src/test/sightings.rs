//! What was seen between an application and its broker, for a test to look at.

use serde::de::DeserializeOwned;

use crate::message::Message;
use crate::relay::{Fate, Parcel, Settled, Taken};

/// How a message left its handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// Acknowledged, with its outputs.
    Handled,
    /// It became a dead letter.
    DeadLettered,
    /// It comes back after a pause.
    Postponed,
    /// The broker was told to drop it.
    Rejected,
    /// It went back to its queue.
    GivenBack,
}

/// A message that a handler is done with.
#[derive(Debug, Clone)]
pub struct Handled {
    /// The handler.
    pub handler: String,
    /// How it ended.
    pub ending: Ending,
    /// The name of the failure, if there was one.
    pub failure: Option<String>,
    /// The message, as it was delivered.
    pub message: Message,
}

/// A message that the broker has taken from the application.
#[derive(Debug, Clone)]
pub struct Published {
    /// Whose output it is; none if it was published outside of handlers.
    pub handler: Option<String>,
    /// The message.
    pub message: Message,
}

/// A dead letter.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The letter, with its record in the headers.
    pub message: Message,
}

impl Handled {
    /// Its body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.message.body())
    }
}

impl Published {
    /// Its body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.message.body())
    }

    /// Its body as text; bytes that are none are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.message.body()).into_owned()
    }
}

impl DeadLetter {
    /// The name of the failure: `undecodable`, `panic`, or the error's own.
    pub fn class(&self) -> String {
        self.record("x-leveret-error-class")
    }

    /// What the failure said.
    pub fn error(&self) -> String {
        self.record("x-leveret-error")
    }

    /// The handler that could not handle it.
    pub fn handler(&self) -> String {
        self.record("x-leveret-handler")
    }

    /// Its body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.message.body())
    }

    fn record(&self, name: &str) -> String {
        self.message.header_text(name).unwrap_or_default()
    }
}

impl From<Fate> for Ending {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Handled => Self::Handled,
            Fate::DeadLettered => Self::DeadLettered,
            Fate::Postponed => Self::Postponed,
            Fate::Rejected => Self::Rejected,
            Fate::GivenBack => Self::GivenBack,
        }
    }
}

impl From<&Settled> for Handled {
    fn from(settled: &Settled) -> Self {
        Self {
            handler: settled.handler.clone(),
            ending: settled.fate.into(),
            failure: settled.failure.clone(),
            message: message(&settled.message),
        }
    }
}

impl From<&Taken> for Published {
    fn from(taken: &Taken) -> Self {
        Self { handler: taken.handler.clone(), message: message(&taken.parcel) }
    }
}

impl From<&Taken> for DeadLetter {
    fn from(taken: &Taken) -> Self {
        Self { message: message(&taken.parcel) }
    }
}

fn message(parcel: &Parcel) -> Message {
    Message {
        exchange: parcel.exchange.clone(),
        routing_key: parcel.routing_key.clone(),
        properties: parcel.properties.clone(),
        body: parcel.body.clone(),
        redelivered: false,
    }
}
