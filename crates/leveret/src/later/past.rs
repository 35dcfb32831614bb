//! What a message that has come back says of its earlier attempts.

use leveret_protocol::{FieldValue, PropertiesBuilder, ShortStr};

use super::{ATTEMPT, FIRST_FAILURE, ladder};
use crate::message::Message;

/// The attempts at a message before it was delivered this time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Past {
    pub(crate) attempts: u32,
    pub(crate) first_failure_secs: Option<u64>,
}

/// Reads the record of a message that has come back, and gives it back the exchange and routing
/// key that it was published with; its user-id too, if the copy is from `login`, which is us.
pub(crate) fn arrived(message: &mut Message, login: Option<&ShortStr>) -> Past {
    let came_back = message.exchange.is_empty() || ladder::is_step(&message.exchange);
    if !came_back {
        return Past::default();
    }
    let Some(FieldValue::I64(attempts)) = message.header(ATTEMPT) else { return Past::default() };
    if let Some(exchange) = name(message, "x-leveret-exchange") {
        message.exchange = exchange;
    }
    if let Some(routing_key) = name(message, "x-leveret-routing-key") {
        message.routing_key = routing_key;
    }
    if let (Some(by), Some(login)) = (message.properties.user_id(), login)
        && by == *login
        && let Some(user_id) = name(message, "x-leveret-user-id")
    {
        message.properties = PropertiesBuilder::from(&message.properties).user_id(user_id).build();
    }
    let first_failure_secs = match message.header(FIRST_FAILURE) {
        Some(FieldValue::Timestamp(secs)) => Some(secs),
        Some(_) | None => None,
    };
    Past { attempts: u32::try_from(attempts.max(0)).unwrap_or(u32::MAX), first_failure_secs }
}

fn name(message: &Message, header: &str) -> Option<ShortStr> {
    let FieldValue::LongString(bytes) = message.header(header)? else { return None };
    ShortStr::new(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use leveret_protocol::{FieldTable, Properties, PropertiesBuilder};

    use super::super::postponed;
    use super::*;
    use crate::failure::Failure;

    fn original() -> Message {
        let headers =
            FieldTable::builder().insert("x-mine", 7_i32).insert("x-death", "old").build();
        let properties = PropertiesBuilder::default()
            .headers(headers)
            .expiration(ShortStr::from_static("500"))
            .build();
        let mut message = Message::new("order.eu", properties, "body");
        message.exchange = ShortStr::from_static("shop");
        message
    }

    const US: ShortStr = ShortStr::from_static("us");

    fn come_back(message: &Message, past: Past) -> (Message, Past) {
        let queue = ShortStr::from_static("orders");
        let failure = Failure::transient("no route to the bank");
        let postponed = postponed(message, &failure, past, &queue, Duration::from_secs(1));
        let copy = postponed.vouched_for(message, Some(&US)).copy;
        let mut back = Message {
            exchange: copy.exchange,
            routing_key: copy.routing_key,
            properties: copy.properties,
            body: copy.body,
            redelivered: false,
        };
        let past = arrived(&mut back, Some(&US));
        (back, past)
    }

    #[test]
    fn a_message_comes_back_as_it_was_with_its_attempts() {
        let past = Past { attempts: 3, first_failure_secs: Some(100) };
        let (back, found) = come_back(&original(), past);
        assert_eq!(found, past);
        assert_eq!((back.exchange(), back.routing_key()), ("shop".into(), "order.eu".into()));
        assert_eq!(back.body(), "body");
        assert_eq!(back.header("x-mine"), Some(FieldValue::I32(7)));
        assert_eq!(back.header("x-death"), None);
        assert_eq!(back.properties().expiration(), None);
    }

    #[test]
    fn it_keeps_where_it_came_from_through_many_pauses() {
        let first = Past { attempts: 3, first_failure_secs: Some(100) };
        let (back, _) = come_back(&original(), first);
        let (back, _) = come_back(&back, Past { attempts: 6, ..first });
        assert_eq!((back.exchange(), back.routing_key()), ("shop".into(), "order.eu".into()));
    }

    fn user_id(message: &Message) -> Option<String> {
        message.properties.user_id().map(|user_id| user_id.to_string())
    }

    #[test]
    fn its_user_comes_back_if_the_copy_is_ours_and_not_if_it_is_anothers() {
        let mut message = original();
        let ann =
            PropertiesBuilder::from(&message.properties).user_id(ShortStr::from_static("ann"));
        message.properties = ann.build();
        let (mut back, _) = come_back(&message, Past::default());
        assert_eq!(user_id(&back), Some("ann".to_owned()));
        let (again, _) = come_back(&back, Past::default());
        assert_eq!(user_id(&again), Some("ann".to_owned()));

        back.exchange = ShortStr::EMPTY;
        for (by, then) in [(Some("bob"), Some("bob")), (None, None)] {
            let by = by.map(ShortStr::from_static);
            back.properties = PropertiesBuilder::from(&back.properties).user_id(by).build();
            arrived(&mut back, Some(&US));
            assert_eq!(user_id(&back).as_deref(), then);
        }
    }

    #[test]
    fn a_header_on_a_message_from_an_exchange_means_nothing() {
        let headers = FieldTable::builder()
            .insert(ATTEMPT, 99_i64)
            .insert("x-leveret-routing-key", "elsewhere")
            .build();
        let properties: Properties = PropertiesBuilder::default().headers(headers).build();
        let mut message = Message::new("order.eu", properties, "");
        message.exchange = ShortStr::from_static("shop");
        assert_eq!(arrived(&mut message, Some(&US)), Past::default());
        assert_eq!(message.routing_key(), "order.eu");
    }
}
