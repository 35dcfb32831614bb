//! From a message as written to one for the wire: defaults and ancestry.
//!
//! Whatever the caller gave wins over what is filled in here.

use std::time::{SystemTime, UNIX_EPOCH};

use leveret_client::Publish as Sealed;
use leveret_protocol::{FieldTable, FieldValue, PropertiesBuilder, ShortStr};

use crate::message::Message;
use crate::message_id::{derived_message_id, fresh};
use crate::publish::{EncodeError, Persistence, Publish, Routing};

/// The header that lists the ids of a message's ancestors, one a line, the eldest first.
pub(crate) const REFERENCES: &str = "references";

/// The longest chain of references that is carried on, in bytes; the eldest are dropped beyond it.
const REFERENCES_BYTES_MAX: usize = 4096;

impl Publish {
    /// The message as it goes over the wire, with an id of its own: to be kept and published
    /// later, however often, as the same message. `app` becomes its app-id.
    pub fn seal(self, app: &str) -> Result<Sealed, EncodeError> {
        match self.problem {
            Some(problem) => Err(problem),
            None => Ok(seal_first(self, &ShortStr::truncated(app))),
        }
    }
}

/// The message that is being handled, and by whom: ids of its outputs derive from it, so that
/// handling it again gives the same ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parent<'a> {
    pub(crate) message: &'a Message,
    pub(crate) handler: &'a str,
}

/// A message that stands for itself.
pub(crate) fn seal_first(publish: Publish, app_id: &ShortStr) -> Sealed {
    let id = publish.message_id.clone().unwrap_or_else(fresh);
    seal(publish, app_id, id, None)
}

/// The output number `ordinal` of handling `parent`.
pub(crate) fn seal_output(
    mut publish: Publish,
    app_id: &ShortStr,
    parent: Parent<'_>,
    ordinal: usize,
) -> Sealed {
    let parent_id = parent.message.message_id();
    let id = publish.message_id.take().unwrap_or_else(|| match &parent_id {
        Some(parent_id) => derived_message_id(&[
            &parent_id.to_string_lossy(),
            parent.handler,
            &ordinal.to_string(),
        ]),
        None => fresh(),
    });
    publish.correlation_id = publish.correlation_id.or_else(|| parent_id.clone());
    let references = parent_id.map(|id| references(parent.message, &id));
    seal(publish, app_id, id, references)
}

fn seal(publish: Publish, app_id: &ShortStr, id: ShortStr, references: Option<String>) -> Sealed {
    let mut headers = publish.headers;
    if let Some(references) = references
        && !headers.iter().any(|(name, _)| *name == REFERENCES)
    {
        headers.push((ShortStr::from_static(REFERENCES), FieldValue::from(references)));
    }
    let headers = (!headers.is_empty()).then(|| headers.into_iter().collect::<FieldTable>());
    let delivery_mode = match publish.persistence {
        Persistence::Persistent => 2,
        Persistence::Transient => 1,
    };
    let properties = PropertiesBuilder::default()
        .content_type(publish.content_type)
        .content_encoding(publish.content_encoding)
        .headers(headers)
        .delivery_mode(delivery_mode)
        .priority(publish.priority)
        .correlation_id(publish.correlation_id)
        .reply_to(publish.reply_to)
        .expiration(publish.expiration)
        .message_id(id)
        .timestamp(publish.timestamp_secs.unwrap_or_else(now_secs))
        .kind(publish.kind)
        .app_id(app_id.clone())
        .build();
    Sealed {
        exchange: publish.exchange,
        routing_key: publish.routing_key,
        mandatory: publish.routing == Routing::Mandatory,
        properties,
        body: publish.body,
    }
}

/// The parent's references, a newline, the parent's id.
pub(crate) fn references(parent: &Message, parent_id: &ShortStr) -> String {
    let mut chain = match parent.header_text(REFERENCES) {
        Some(references) if !references.is_empty() => format!("{references}\n{parent_id}"),
        Some(_) | None => return parent_id.to_string(),
    };
    while chain.len() > REFERENCES_BYTES_MAX {
        match chain.split_once('\n') {
            Some((_, younger)) => chain = younger.to_owned(),
            None => break,
        }
    }
    chain
}

pub(crate) fn now_secs() -> u64 {
    let now = SystemTime::now();
    // A test that pauses tokio's clock moves it ahead of the machine's.
    #[cfg(feature = "test-kit")]
    let now = now
        + tokio::time::Instant::now()
            .into_std()
            .saturating_duration_since(std::time::Instant::now());
    now.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs())
}

#[cfg(test)]
mod tests {
    use leveret_protocol::Properties;

    use super::*;

    fn parent(id: Option<&str>, references: Option<&str>) -> Message {
        let mut builder = PropertiesBuilder::default();
        if let Some(id) = id {
            builder = builder.message_id(ShortStr::try_from(id).unwrap());
        }
        if let Some(references) = references {
            builder = builder.headers(FieldTable::builder().insert(REFERENCES, references).build());
        }
        Message::new("k", builder.build(), "")
    }

    fn output(publish: Publish, message: &Message) -> Properties {
        let parent = Parent { message, handler: "h" };
        seal_output(publish, &ShortStr::from_static("app"), parent, 0).properties
    }

    fn references_of(properties: &Properties) -> Option<FieldValue> {
        properties.headers()?.get(REFERENCES)
    }

    #[test]
    fn an_output_is_persistent_and_has_id_time_and_app() {
        let properties = output(Publish::new("x", "k"), &parent(None, None));
        assert!(properties.is_persistent());
        assert!(properties.message_id().is_some());
        assert!(properties.timestamp().is_some());
        assert_eq!(properties.app_id().unwrap(), "app");
        assert_eq!(properties.correlation_id(), None);
        assert_eq!(references_of(&properties), None);
    }

    #[test]
    fn a_message_is_sealed_with_an_id_unless_a_name_is_too_long() {
        let sealed = Publish::new("x", "k").seal("app").unwrap();
        assert!(sealed.properties.message_id().is_some());
        assert_eq!(sealed.properties.app_id().unwrap(), "app");
        assert!(Publish::new("x", "k".repeat(256)).seal("app").is_err());
    }

    #[test]
    fn correlation_and_references_name_the_parent() {
        let properties = output(Publish::new("x", "k"), &parent(Some("b"), Some("a")));
        assert_eq!(properties.correlation_id().unwrap(), "b");
        assert_eq!(references_of(&properties), Some(FieldValue::from("a\nb")));
        let first = output(Publish::new("x", "k"), &parent(Some("b"), None));
        assert_eq!(references_of(&first), Some(FieldValue::from("b")));
    }

    #[test]
    fn the_callers_values_win() {
        let publish = Publish::new("x", "k")
            .message_id("mine")
            .correlation_id("c")
            .timestamp(7)
            .header("references", "r");
        let properties = output(publish, &parent(Some("b"), Some("a")));
        assert_eq!(properties.message_id().unwrap(), "mine");
        assert_eq!(properties.correlation_id().unwrap(), "c");
        assert_eq!(properties.timestamp(), Some(7));
        assert_eq!(references_of(&properties), Some(FieldValue::from("r")));
    }

    #[test]
    fn handling_again_gives_the_same_ids() {
        let message = parent(Some("b"), None);
        let id = |handler, ordinal| {
            let parent = Parent { message: &message, handler };
            seal_output(Publish::default(), &ShortStr::EMPTY, parent, ordinal)
                .properties
                .message_id()
        };
        assert_eq!(id("h", 0), id("h", 0));
        assert_ne!(id("h", 0), id("h", 1));
        assert_ne!(id("h", 0), id("g", 0));
    }
}
