//! A copy of a message that the framework sends, with a record in its headers.
//!
//! All properties are kept, but for those that would make the broker drop, refuse or multiply
//! the copy; those are kept as headers.

use leveret_client::Publish as Sealed;
use leveret_protocol::{FieldTable, FieldValue, PropertiesBuilder, ShortStr};

use crate::message::Message;

/// What a table of headers may weigh after the record is added: a frame of 128 KiB holds it
/// with all other properties.
pub(crate) const HEADERS_BYTES_MAX: usize = 120 * 1024;

/// Room for the record without its texts.
pub(crate) const RECORD_BYTES: usize = 2 * 1024;

/// How often a dead letter was sent back to its queue: what a tool has counted is kept.
const REDRIVES: &str = "x-leveret-redrives";

/// Headers that make a broker send copies elsewhere, and what they become.
const MOVED_HEADERS: [(&str, &str); 2] = [("CC", "x-leveret-cc"), ("BCC", "x-leveret-bcc")];

/// A copy as it is put together.
#[derive(Debug)]
pub(crate) struct Copy<'a> {
    message: &'a Message,
    fields: Vec<(ShortStr, FieldValue)>,
    room: usize,
}

impl<'a> Copy<'a> {
    /// The message without records of earlier failures, and without headers that are unwanted.
    pub(crate) fn of(message: &'a Message, is_unwanted: impl Fn(&[u8]) -> bool) -> Self {
        let kept = message.headers();
        let moved = |name: ShortStr| {
            let entry = MOVED_HEADERS.iter().find(|(from, _)| name == *from);
            entry.map_or(name, |(_, to)| ShortStr::from_static(to))
        };
        let fields = kept
            .iter()
            .filter(|(name, _)| *name == REDRIVES || !name.as_bytes().starts_with(b"x-leveret-"))
            // The copy is a message of its own: nobody has failed to settle it yet.
            .filter(|(name, _)| *name != "x-delivery-count")
            .filter(|(name, _)| !is_unwanted(name.as_bytes()))
            .map(|(name, value)| (moved(name), value))
            .collect();
        let room = HEADERS_BYTES_MAX.saturating_sub(kept.as_bytes().len() + RECORD_BYTES);
        Self { message, fields, room }
    }

    pub(crate) fn add(&mut self, name: &'static str, value: impl Into<FieldValue>) {
        self.fields.push((ShortStr::from_static(name), value.into()));
    }

    /// A text of any length, cut to half of the room that the message's own headers leave.
    pub(crate) fn add_text(&mut self, name: &'static str, text: &str) {
        self.add(name, cut(text, self.room / 2));
    }

    /// A short text, which there is room for in any case.
    pub(crate) fn add_name(&mut self, name: &'static str, text: &str) {
        self.add(name, cut(text, 255));
    }

    /// Where the message came from: exchange, routing key, queue.
    pub(crate) fn add_origin(&mut self, queue: &str) {
        self.add("x-leveret-exchange", self.message.exchange.clone());
        self.add("x-leveret-routing-key", self.message.routing_key.clone());
        self.add_name("x-leveret-queue", queue);
    }

    /// Addressed to a queue, by its name.
    pub(crate) fn addressed_to(mut self, queue: &ShortStr) -> Sealed {
        if let Some(expiration) = self.message.properties.expiration() {
            self.add("x-leveret-expiration", expiration);
        }
        if let Some(user_id) = self.message.properties.user_id() {
            self.add("x-leveret-user-id", user_id);
        }
        let properties = PropertiesBuilder::from(&self.message.properties)
            .headers(self.fields.into_iter().collect::<FieldTable>())
            .expiration(None)
            .user_id(None)
            .delivery_mode(2)
            .build();
        Sealed {
            exchange: ShortStr::EMPTY,
            routing_key: queue.clone(),
            properties,
            body: self.message.body.clone(),
            mandatory: true,
        }
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}
