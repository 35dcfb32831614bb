//! A response as the reply to whoever asked.

use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, TRANSFER_ENCODING,
};
use http::response::Parts;
use http::{HeaderMap, HeaderName};

use bytes::Bytes;

use crate::publish::Publish;
use crate::reply::Reply;

/// The response's status, as a number.
const STATUS: &str = "x-http-status";

/// What a reply has in properties of its own, what ends with a connection, and what is for a
/// browser alone.
const LEFT_OUT: [HeaderName; 6] =
    [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING, SET_COOKIE];

/// A response with its body, as the reply to whoever asked.
pub fn reply_of(parts: &Parts, body: Bytes) -> Reply {
    let mut publish = Publish::default().bytes(body);
    if let Some(text) = text(&parts.headers, &CONTENT_TYPE) {
        publish = publish.content_type(text);
    }
    if let Some(text) = text(&parts.headers, &CONTENT_ENCODING) {
        publish = publish.content_encoding(text);
    }
    for name in parts.headers.keys().filter(|name| is_taken(name)) {
        if let Some(text) = text(&parts.headers, name) {
            publish = publish.header(name.as_str(), text);
        }
    }
    Reply::of(publish.header(STATUS, i32::from(parts.status.as_u16())))
}

/// A header that makes a reply an error comes from the framework alone.
fn is_taken(name: &HeaderName) -> bool {
    !LEFT_OUT.contains(name) && !name.as_str().starts_with("x-leveret-")
}

/// All values of a header, if they are text.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values = headers.get_all(name).iter().map(|value| value.to_str());
    let texts = values.collect::<Result<Vec<&str>, _>>().ok().filter(|texts| !texts.is_empty())?;
    Some(texts.join(", "))
}
