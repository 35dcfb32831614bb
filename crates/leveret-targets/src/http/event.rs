//! Messages as events in the form of `CloudEvents` 1.0, over HTTP.
//!
//! A message that is an event already (a body of `application/cloudevents+json`, or headers
//! `ce-…`, `cloudEvents:…`, `cloudEvents_…`) stays the same event, whatever form it is sent in.
//! Of any other one is made: see [`CloudEvents`].

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use leveret::{Message, derived_message_id};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value};

/// `CloudEvents` HTTP binding, 3.1.3.2: what a header's value has percent-encoded.
const ENCODED: AsciiSet = CONTROLS.add(b' ').add(b'"').add(b'%');

/// RFC 3986, 2.3.
const IN_PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const STRUCTURED: &str = "application/cloudevents+json";

const PREFIXES: [&str; 3] = ["ce-", "cloudEvents:", "cloudEvents_"];

/// The most attributes that are taken from a message.
const ATTRIBUTES_MAX: usize = 64;

/// How an event is sent.
///
/// | attribute | from |
/// |---|---|
/// | `id` | the message-id; without one, a name for exchange, key and body that is always the same |
/// | `source` | `/` and the exchange; `/amq.default` for the default exchange |
/// | `type` | the property `type`, else the routing key, else `message` |
/// | `subject` | the routing key |
/// | `time` | the timestamp |
/// | `datacontenttype` | the content type |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloudEvents {
    /// All in one body of JSON, `application/cloudevents+json`.
    Structured,
    /// Attributes as headers `ce-…`, the body as it is.
    Binary,
}

impl CloudEvents {
    /// The body; the headers are changed accordingly.
    pub(super) fn write(self, message: &Message, headers: &mut HeaderMap) -> Bytes {
        let event = Event::of(message);
        match self {
            Self::Structured => {
                headers.insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/cloudevents+json; charset=utf-8"),
                );
                headers.remove(CONTENT_ENCODING);
                event.structured()
            }
            Self::Binary => event.binary(headers),
        }
    }
}

struct Event {
    attributes: BTreeMap<String, Value>,
    data: Bytes,
    is_packed: bool,
}

impl Event {
    fn of(message: &Message) -> Self {
        let content_type = message.properties().content_type();
        let content_type = content_type.map(|text| text.to_string_lossy().into_owned());
        let is_packed = message.properties().content_encoding().is_some();
        let is_structured = content_type.as_ref().is_some_and(|text| essence(text) == STRUCTURED);
        if let Some(event) = is_structured.then(|| Self::unpacked(message.body())).flatten() {
            return event;
        }
        let mut attributes = made(message);
        if let Some(content_type) = content_type {
            attributes.insert("datacontenttype".to_owned(), content_type.into());
        }
        for (name, _) in message.headers().iter().take(ATTRIBUTES_MAX) {
            let name = name.to_string_lossy().into_owned();
            let attribute = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
            let attribute = attribute.filter(|attribute| is_attribute(attribute));
            if let Some((attribute, value)) = attribute.zip(message.header_text(&name)) {
                attributes.insert(attribute.to_owned(), value.into());
            }
        }
        Self { attributes, data: message.body().clone(), is_packed }
    }

    /// An event that is in JSON already.
    fn unpacked(body: &Bytes) -> Option<Self> {
        let mut object: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let data = match (object.remove("data"), object.remove("data_base64")) {
            (_, Some(Value::String(text))) => BASE64_STANDARD.decode(text).ok()?.into(),
            (Some(Value::String(text)), _) if !is_json(&object) => Bytes::from(text),
            (Some(data), _) => {
                object.entry("datacontenttype").or_insert_with(|| "application/json".into());
                Bytes::from(serde_json::to_vec(&data).ok()?)
            }
            (None, _) => Bytes::new(),
        };
        let attributes = object.into_iter().filter(|(name, _)| is_attribute(name)).collect();
        Some(Self { attributes, data, is_packed: false })
    }

    /// `CloudEvents` JSON format, 3.1.
    fn structured(self) -> Bytes {
        let mut object: Map<String, Value> = self.attributes.into_iter().collect();
        if !self.data.is_empty() {
            let (name, data) = member(&object, &self.data, self.is_packed);
            object.insert(name.to_owned(), data);
        }
        Value::Object(object).to_string().into()
    }

    fn binary(self, headers: &mut HeaderMap) -> Bytes {
        headers.remove(CONTENT_TYPE);
        for (name, value) in &self.attributes {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Null => continue,
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    value.to_string()
                }
            };
            let (name, text) = match name.as_str() {
                "datacontenttype" => (CONTENT_TYPE, text),
                name => {
                    let Ok(name) = HeaderName::try_from(format!("ce-{name}")) else { continue };
                    (name, utf8_percent_encode(&text, &ENCODED).to_string())
                }
            };
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
        self.data
    }
}

/// The attributes of a message that is no event.
fn made(message: &Message) -> BTreeMap<String, Value> {
    let properties = message.properties();
    let text = |text: leveret::ShortStr| text.to_string_lossy().into_owned();
    let filled = |text: &String| !text.is_empty();
    let (exchange, key) = (message.exchange(), message.routing_key());
    let exchange = if exchange.is_empty() { "amq.default".into() } else { exchange };
    let id = properties.message_id().map(text).filter(filled).unwrap_or_else(|| {
        let body = String::from_utf8_lossy(message.body());
        text(derived_message_id(&[&exchange, &key, &body]))
    });
    let kind = properties.kind().map(text).filter(filled);
    let kind = kind.or_else(|| Some(key.to_string()).filter(filled));
    let source = utf8_percent_encode(&exchange, &IN_PATH);
    let mut attributes = vec![
        ("specversion", "1.0".to_owned()),
        ("id", id),
        ("source", format!("/{source}")),
        ("type", kind.unwrap_or_else(|| "message".to_owned())),
    ];
    if !key.is_empty() {
        attributes.push(("subject", key.into_owned()));
    }
    if let Some(time) = properties.timestamp().and_then(rfc3339) {
        attributes.push(("time", time));
    }
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// Data as JSON, as text, or as neither.
fn member(object: &Map<String, Value>, data: &Bytes, is_packed: bool) -> (&'static str, Value) {
    let text = std::str::from_utf8(data).ok().filter(|_| !is_packed);
    let plain = match text {
        Some(text) if is_json(object) => serde_json::from_str(text).ok(),
        Some(text) => Some(text.into()),
        None => None,
    };
    match plain {
        Some(plain) => ("data", plain),
        None => ("data_base64", BASE64_STANDARD.encode(data).into()),
    }
}

/// `CloudEvents` JSON format, 3.1.1: without a content type, data is JSON.
fn is_json(attributes: &Map<String, Value>) -> bool {
    let content_type = attributes.get("datacontenttype").and_then(Value::as_str);
    content_type
        .map(essence)
        .is_none_or(|essence| essence.ends_with("/json") || essence.ends_with("+json"))
}

fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// `CloudEvents` 1.0, "Naming conventions": lower-case letters and digits.
fn is_attribute(name: &str) -> bool {
    let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    !name.is_empty() && name.bytes().all(is_plain)
}

/// Seconds since the Unix epoch as RFC 3339 writes them; nothing beyond the year 9999.
fn rfc3339(secs: u64) -> Option<String> {
    // 9999-12-31T23:59:59Z.
    if secs > 253_402_300_799 {
        return None;
    }
    let (days, of_day) = (secs / 86_400, secs % 86_400);
    // Years that begin in March have their leap day at the end; 719,468 days are before 1970.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use leveret::{FieldTable, Properties, ShortStr};

    use super::*;

    fn sent(mode: CloudEvents, message: &Message) -> String {
        let mut headers = HeaderMap::new();
        let body = mode.write(message, &mut headers);
        let mut text = String::new();
        for (name, value) in &headers {
            text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
        text + &String::from_utf8_lossy(&body) + "\n"
    }

    fn order(content_type: &'static str, body: &'static [u8]) -> Message {
        let properties = Properties::builder()
            .content_type(ShortStr::from_static(content_type))
            .message_id(ShortStr::from_static("id 1"))
            .timestamp(951_782_400_u64)
            .headers(FieldTable::builder().insert("ce-tenant", "7").insert("ce-No", "x").build());
        Message::new("order.new", properties.build(), body)
    }

    #[test]
    fn an_event_is_one_body_or_headers() {
        let message = order("application/json", b"{\"tea\":1}");
        expect![[r#"
            content-type: application/cloudevents+json; charset=utf-8
            {"data":{"tea":1},"datacontenttype":"application/json","id":"id 1","source":"/amq.default","specversion":"1.0","subject":"order.new","tenant":"7","time":"2000-02-29T00:00:00Z","type":"order.new"}
        "#]].assert_eq(&sent(CloudEvents::Structured, &message));
        expect![[r#"
            content-type: application/json
            ce-id: id%201
            ce-source: /amq.default
            ce-specversion: 1.0
            ce-subject: order.new
            ce-tenant: 7
            ce-time: 2000-02-29T00:00:00Z
            ce-type: order.new
            {"tea":1}
        "#]]
        .assert_eq(&sent(CloudEvents::Binary, &message));
    }

    #[test]
    fn data_is_json_text_or_neither() {
        let member = |content_type, body| {
            let body = sent(CloudEvents::Structured, &order(content_type, body));
            let json: Value = serde_json::from_str(body.lines().last().unwrap()).unwrap();
            let text = |name| json.get(name).map(|data| format!("{name} {data}"));
            text("data").or_else(|| text("data_base64")).unwrap_or_default()
        };
        assert_eq!(member("text/plain", b"tea"), "data \"tea\"");
        assert_eq!(member("application/json", b"{no"), "data_base64 \"e25v\"");
        assert_eq!(member("text/plain", b"\xff"), "data_base64 \"/w==\"");
        assert_eq!(member("application/vnd.a+json; v=1", b"7"), "data 7");
        assert_eq!(member("text/plain", b""), "");
    }

    #[test]
    fn an_event_stays_the_same_event() {
        let whole =
            br#"{"specversion":"1.0","id":"e1","source":"/shop","type":"sold","data":{"a":1}}"#;
        let message = order("application/cloudevents+json", whole);
        expect![[r#"
            content-type: application/json
            ce-id: e1
            ce-source: /shop
            ce-specversion: 1.0
            ce-type: sold
            {"a":1}
        "#]]
        .assert_eq(&sent(CloudEvents::Binary, &message));
        expect![[r#"
            content-type: application/cloudevents+json; charset=utf-8
            {"data":{"a":1},"datacontenttype":"application/json","id":"e1","source":"/shop","specversion":"1.0","type":"sold"}
        "#]].assert_eq(&sent(CloudEvents::Structured, &message));
    }

    #[test]
    fn a_time_is_told_in_days_and_hours() {
        assert_eq!(rfc3339(0).unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_400).unwrap(), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_767_225_599).unwrap(), "2025-12-31T23:59:59Z");
        assert_eq!(rfc3339(253_402_300_799).unwrap(), "9999-12-31T23:59:59Z");
        assert_eq!(rfc3339(u64::MAX), None);
    }
}
