//! Dead letters: the message as it was, and why it could not be handled.
//!
//! The body is the same bytes and all properties are kept, but for those that would make the
//! broker drop, refuse or multiply the dead letter; those are kept as headers.

use leveret_client::Publish as Sealed;
use leveret_protocol::{FieldTable, FieldValue, PropertiesBuilder, ShortStr};

use crate::failure::{Classify, Failure};
use crate::message::Message;

/// What a table of headers may weigh after the record is added: a frame of 128 KiB holds it
/// with all other properties.
const HEADERS_BYTES_MAX: usize = 120 * 1024;

/// Room for the record without its texts.
const RECORD_BYTES: usize = 2 * 1024;

/// Headers that make a broker send copies elsewhere, and what they become.
const MOVED_HEADERS: [(&str, &str); 2] = [("CC", "x-leveret-cc"), ("BCC", "x-leveret-bcc")];

/// How the handling went that ended in a dead letter.
#[derive(Debug, Clone)]
pub(crate) struct Obituary<'a> {
    pub(crate) failure: &'a Failure,
    pub(crate) attempts: u32,
    pub(crate) first_failure_secs: u64,
    pub(crate) last_failure_secs: u64,
    pub(crate) origin: Origin<'a>,
}

/// Who handled it, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) app: &'a ShortStr,
    pub(crate) version: &'a str,
    pub(crate) handler: &'a str,
    pub(crate) queue: &'a str,
}

/// The dead letter for `message`, addressed to the queue `to`.
pub(crate) fn dead_letter(message: &Message, obituary: &Obituary<'_>, to: &ShortStr) -> Sealed {
    let properties = PropertiesBuilder::from(&message.properties)
        .headers(headers(message, obituary))
        .expiration(None)
        .user_id(None)
        .delivery_mode(2)
        .build();
    Sealed {
        exchange: ShortStr::EMPTY,
        routing_key: to.clone(),
        properties,
        body: message.body.clone(),
        mandatory: true,
    }
}

fn headers(message: &Message, obituary: &Obituary<'_>) -> FieldTable {
    let Obituary { failure, origin, .. } = obituary;
    let kept = message.headers();
    let room = HEADERS_BYTES_MAX.saturating_sub(kept.as_bytes().len() + RECORD_BYTES);
    let moved = |name: &ShortStr| {
        let entry = MOVED_HEADERS.iter().find(|(from, _)| *name == *from);
        entry.map_or_else(|| name.clone(), |(_, to)| ShortStr::from_static(to))
    };
    let mut fields: Vec<(ShortStr, FieldValue)> = kept
        .iter()
        .filter(|(name, _)| !name.as_bytes().starts_with(b"x-leveret-"))
        .map(|(name, value)| (moved(&name), value))
        .collect();
    let mut add = |name: &'static str, value: FieldValue| {
        fields.push((ShortStr::from_static(name), value));
    };
    add("x-leveret-error-class", cut(failure.name(), room / 2).into());
    add("x-leveret-error", cut(&failure.to_string(), room / 2).into());
    add("x-leveret-first-failure", FieldValue::Timestamp(obituary.first_failure_secs));
    add("x-leveret-last-failure", FieldValue::Timestamp(obituary.last_failure_secs));
    add("x-leveret-attempts", FieldValue::I64(i64::from(obituary.attempts)));
    add("x-leveret-exchange", message.exchange.clone().into());
    add("x-leveret-routing-key", message.routing_key.clone().into());
    add("x-leveret-queue", cut(origin.queue, room.max(255)).into());
    add("x-leveret-handler", cut(origin.handler, 255).into());
    add("x-leveret-app", origin.app.clone().into());
    if !origin.version.is_empty() {
        add("x-leveret-version", cut(origin.version, 255).into());
    }
    if let Some(expiration) = message.properties.expiration() {
        add("x-leveret-expiration", expiration.into());
    }
    if let Some(user_id) = message.properties.user_id() {
        add("x-leveret-user-id", user_id.into());
    }
    fields.into_iter().collect()
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn letter(message: &Message, failure: &Failure) -> Sealed {
        let obituary = Obituary {
            failure,
            attempts: 3,
            first_failure_secs: 100,
            last_failure_secs: 107,
            origin: Origin {
                app: &ShortStr::from_static("bounces"),
                version: "1.2",
                handler: "classify",
                queue: "mails",
            },
        };
        dead_letter(message, &obituary, &ShortStr::from_static("mails.dead"))
    }

    #[test]
    fn the_record_tells_what_happened_and_where() {
        let properties = PropertiesBuilder::default()
            .message_id(ShortStr::from_static("id-1"))
            .headers(
                FieldTable::builder().insert("x-mine", 7_i32).insert("CC", "elsewhere").build(),
            )
            .expiration(ShortStr::from_static("1000"))
            .user_id(ShortStr::from_static("ann"))
            .build();
        let message = Message::new("mail.in", properties, &b"\0\xff body"[..]);
        let sealed = letter(&message, &Failure::permanent("no\0 sender").named("parse"));
        assert_eq!(sealed.body, message.body);
        assert_eq!(sealed.routing_key, "mails.dead");
        expect![[r#"
            Properties {
                headers: {
                    "x-mine": I32(
                        7,
                    ),
                    "x-leveret-cc": LongString(
                        b"elsewhere",
                    ),
                    "x-leveret-error-class": LongString(
                        b"parse",
                    ),
                    "x-leveret-error": LongString(
                        b"no sender",
                    ),
                    "x-leveret-first-failure": Timestamp(
                        100,
                    ),
                    "x-leveret-last-failure": Timestamp(
                        107,
                    ),
                    "x-leveret-attempts": I64(
                        3,
                    ),
                    "x-leveret-exchange": LongString(
                        b"",
                    ),
                    "x-leveret-routing-key": LongString(
                        b"mail.in",
                    ),
                    "x-leveret-queue": LongString(
                        b"mails",
                    ),
                    "x-leveret-handler": LongString(
                        b"classify",
                    ),
                    "x-leveret-app": LongString(
                        b"bounces",
                    ),
                    "x-leveret-version": LongString(
                        b"1.2",
                    ),
                    "x-leveret-expiration": LongString(
                        b"1000",
                    ),
                    "x-leveret-user-id": LongString(
                        b"ann",
                    ),
                },
                delivery_mode: 2,
                message_id: "id-1",
            }
        "#]]
        .assert_debug_eq(&sealed.properties);
    }

    #[test]
    fn a_record_never_outgrows_its_frame() {
        let table = FieldTable::builder().insert("big", "x".repeat(119 * 1024)).build();
        let properties = PropertiesBuilder::default().headers(table).build();
        let message = Message::new("k", properties, "");
        let sealed = letter(&message, &Failure::permanent("e".repeat(5000)));
        let headers = sealed.properties.headers().unwrap();
        assert!(headers.as_bytes().len() < HEADERS_BYTES_MAX + RECORD_BYTES);
        assert!(headers.get("x-leveret-attempts").is_some());
    }
}
