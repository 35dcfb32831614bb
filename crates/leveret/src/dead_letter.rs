//! Dead letters: the message as it was, and why it could not be handled.

use leveret_client::Publish as Sealed;
use leveret_protocol::{FieldValue, ShortStr};

use crate::copy::Copy;
use crate::failure::{Classify, Failure};
use crate::message::Message;

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
    let Obituary { failure, origin, .. } = obituary;
    let mut copy = Copy::of(message, |_| false);
    copy.add_text("x-leveret-error-class", failure.name());
    copy.add_text("x-leveret-error", &failure.to_string());
    copy.add("x-leveret-first-failure", FieldValue::Timestamp(obituary.first_failure_secs));
    copy.add("x-leveret-last-failure", FieldValue::Timestamp(obituary.last_failure_secs));
    copy.add("x-leveret-attempts", i64::from(obituary.attempts));
    copy.add_origin(origin.queue);
    copy.add_name("x-leveret-handler", origin.handler);
    copy.add("x-leveret-app", origin.app.clone());
    if !origin.version.is_empty() {
        copy.add_name("x-leveret-version", origin.version);
    }
    copy.addressed_to(to)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use leveret_protocol::{FieldTable, PropertiesBuilder};

    use super::*;
    use crate::copy::{HEADERS_BYTES_MAX, RECORD_BYTES};

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
    fn how_often_it_was_sent_back_is_kept() {
        let headers = FieldTable::builder().insert("x-leveret-redrives", 2_i64).build();
        let properties = PropertiesBuilder::default().headers(headers).build();
        let sealed = letter(&Message::new("k", properties, ""), &Failure::permanent("again"));
        let headers = sealed.properties.headers().unwrap();
        assert_eq!(headers.get("x-leveret-redrives"), Some(FieldValue::I64(2)));
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
