//! An attempt at a message, with the words that its binding names.

use std::collections::BTreeMap;
use std::convert::Infallible;

use leveret::{Captures, FromMessage, Message, Request};

/// What a target gets of an attempt.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    request: Request,
    captures: BTreeMap<String, String>,
}

impl Delivery {
    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    pub(crate) fn message(&self) -> &Message {
        self.request.message()
    }

    /// Words of the routing key by the names that the bindings give them.
    pub(crate) fn captures(&self) -> &BTreeMap<String, String> {
        &self.captures
    }

    /// Whether somebody waits for an answer.
    pub(crate) fn wants_reply(&self) -> bool {
        self.message().properties().reply_to().is_some()
    }
}

impl FromMessage for Delivery {
    type Rejection = Infallible;

    async fn from_message(request: &Request) -> Result<Self, Infallible> {
        // Bindings that name no words are no mistake here.
        let captures = Captures::<BTreeMap<String, String>>::from_message(request).await;
        let captures = captures.map(|Captures(words)| words).unwrap_or_default();
        Ok(Self { request: request.clone(), captures })
    }
}
