//! Messages that come back to their queue after a pause.
//!
//! A copy takes the place of the message, in the same transaction as its acknowledgement or
//! confirmed before it. The broker's own timer holds it where there is one; elsewhere it goes
//! down a ladder of queues. Either way it comes back through no exchange but to its own queue.

mod ladder;
mod past;
mod timer;

use std::time::Duration;

use leveret_client::Publish as Sealed;
use leveret_protocol::{FieldValue, PropertiesBuilder, ShortStr};

use crate::copy::Copy;
use crate::extract::DEADLINE_HEADER;
use crate::failure::{Classify as _, Failure};
use crate::message::Message;

pub(crate) use self::past::{Past, arrived};
pub(crate) use self::timer::Timer;

/// How many attempts the message has had, when it comes back after a pause.
const ATTEMPT: &str = "x-leveret-attempt";

/// When the first of them failed.
const FIRST_FAILURE: &str = "x-leveret-first-failure";

/// A copy, addressed to the queue that it is to come back to.
#[derive(Debug)]
pub(crate) struct Postponed {
    pub(crate) copy: Sealed,
    pub(crate) pause: Duration,
    /// What the copy says of it.
    pub(crate) past: Past,
}

impl Postponed {
    /// With our own name as the copy's user-id, if the message had one: the broker takes that from
    /// us alone, so what the copy says of the message's user can be believed when it comes back.
    pub(crate) fn vouched_for(mut self, message: &Message, login: Option<&ShortStr>) -> Self {
        if let (Some(_), Some(login)) = (message.properties.user_id(), login) {
            let properties = PropertiesBuilder::from(&self.copy.properties).user_id(login.clone());
            self.copy.properties = properties.build();
        }
        self
    }
}

/// The message after `past.attempts` failed attempts, the last of which failed so.
pub(crate) fn postponed(
    message: &Message,
    failure: &Failure,
    past: Past,
    queue: &ShortStr,
    pause: Duration,
) -> Postponed {
    // With the history of an earlier ladder a broker takes the copy for one that goes in circles.
    let mut copy = Copy::of(message, |name| {
        let families: [&[u8]; 3] = [b"x-death", b"x-first-death-", b"x-last-death-"];
        families.iter().any(|family| name.starts_with(family))
    });
    copy.add(ATTEMPT, i64::from(past.attempts));
    if let Some(secs) = past.first_failure_secs {
        copy.add(FIRST_FAILURE, FieldValue::Timestamp(secs));
    }
    if let Some(deadline) = message.header(DEADLINE_HEADER) {
        copy.add(DEADLINE_HEADER, deadline);
    }
    copy.add_text("x-leveret-error-class", failure.name());
    copy.add_text("x-leveret-error", &failure.to_string());
    copy.add_origin(&queue.to_string_lossy());
    Postponed { copy: copy.addressed_to(queue), pause, past }
}
