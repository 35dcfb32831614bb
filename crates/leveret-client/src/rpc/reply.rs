//! The server's side of a call: replies, and errors as replies.

use std::{error::Error, fmt};

use leveret_protocol::{FieldTable, FieldTableBuilder, FieldValue};

use crate::message::{Delivery, Publish};

/// An error's name, for grouping; it makes a reply an error.
const CLASS: &str = "x-leveret-error-class";
/// An error's text.
const TEXT: &str = "x-leveret-error";
/// Whether asking again may help.
const TRANSIENT: &str = "x-leveret-error-transient";

/// The longest text of an error that is sent, in bytes; the rest is cut.
const TEXT_BYTES_MAX: usize = 1024;

/// The longest name of an error that is sent, in bytes; the rest is cut.
const CLASS_BYTES_MAX: usize = 255;

/// An error that a server answers with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemoteError {
    /// Its name, for programs: `undecodable`, `out-of-stock`. At most 255 bytes are sent.
    pub class: String,
    /// What happened, for people. At most 1 KiB is sent.
    pub text: String,
    /// Whether asking again may help.
    pub is_transient: bool,
}

impl RemoteError {
    /// The error in a reply, if it is one.
    pub(super) fn of(reply: &Delivery) -> Option<Self> {
        let headers = reply.properties.headers()?;
        let text = |name| Some(headers.get(name)?.to_text_lossy()?.into_owned());
        Some(Self {
            class: text(CLASS)?,
            text: text(TEXT).unwrap_or_default(),
            is_transient: headers.get(TRANSIENT) == Some(FieldValue::Bool(true)),
        })
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.text)
    }
}

impl Error for RemoteError {}

impl Delivery {
    /// An empty reply to this request; nothing if it wants none.
    ///
    /// It goes to `reply-to` with the request's correlation id, or else its message id. It is
    /// not mandatory: that nobody waits any more is no error of the server.
    pub fn reply(&self) -> Option<Publish> {
        let request = &self.properties;
        let routing_key = request.reply_to()?;
        let id = request.correlation_id().or_else(|| request.message_id());
        let properties = leveret_protocol::Properties::builder().correlation_id(id).build();
        Some(Publish { routing_key, mandatory: false, properties, ..Publish::default() })
    }
}

impl Publish {
    /// This reply as an error; a body may tell more of it.
    #[must_use]
    pub fn with_error(self, error: &RemoteError) -> Self {
        let headers = self.properties.headers();
        let add = |table: FieldTableBuilder, (name, value)| table.insert_named(&name, value);
        let table = headers.iter().flat_map(FieldTable::iter).fold(FieldTable::builder(), add);
        let table = table
            .insert(CLASS, cut(&error.class, CLASS_BYTES_MAX))
            .insert(TEXT, cut(&error.text, TEXT_BYTES_MAX))
            .insert(TRANSIENT, error.is_transient);
        Self { properties: self.properties.to_builder().headers(table.build()).build(), ..self }
    }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}
