//! One e-mail, taken apart: its header fields, and its parts as text.
//!
//! The crate `mail-parser` does the MIME; this module brings odd bytes into a shape it takes,
//! and sorts the parts by what a report uses them for. Keeps true: all texts together are
//! bounded, whatever the mail says of itself.

mod markup;
mod raw;

use std::borrow::Cow;

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

pub use raw::Unparsable;

use crate::text::{clip, squeeze};

/// How much text of a mail is looked at, all parts together.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// How many parts of a mail are looked at.
const PARTS_MAX: usize = 64;
/// How many header fields of a mail are looked at.
const FIELDS_MAX: usize = 512;
/// How long a header field's value may be; more is cut.
const FIELD_BYTES_MAX: usize = 4096;

/// An e-mail, as far as a report needs it.
#[derive(Debug)]
pub(crate) struct Mail {
    fields: Vec<(String, String)>,
    subject: String,
    parts: Vec<Part>,
}

/// One part that is not a container.
#[derive(Debug)]
pub(crate) struct Part {
    /// What the part is for.
    pub(crate) kind: PartKind,
    /// Its text, decoded.
    pub(crate) text: String,
}

/// What a part is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartKind {
    /// For people.
    Text,
    /// `message/delivery-status`, RFC 3464.
    DeliveryStatus,
    /// `message/feedback-report`, RFC 5965.
    Feedback,
    /// `message/disposition-notification`, RFC 8098.
    Disposition,
    /// Another mail, or its header: mostly the one that came back.
    Copy,
    /// Pictures, calendars and the like.
    Other,
}

impl Mail {
    /// Takes a mail apart.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Unparsable> {
        let bytes = raw::normalize(bytes)?;
        let message = MessageParser::default().parse(bytes.as_ref()).ok_or(Unparsable::NoHeader)?;
        Ok(Self::of(&message))
    }

    /// Gives the value of the first field of that name; names are lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields_named(name).next()
    }

    /// Gives the values of all fields of that name; names are lower case.
    pub(crate) fn fields_named(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Gives the decoded subject, or nothing.
    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    /// Gives the parts in order.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn of(message: &Message<'_>) -> Self {
        let mut budget = TEXT_BYTES_MAX;
        let mut parts: Vec<Part> = Vec::new();
        for part in message.parts.iter().take(PARTS_MAX) {
            let Some((kind, text)) = sort(message, part) else { continue };
            let text = clip(&text, budget);
            budget -= text.len();
            parts.push(Part { kind, text: text.to_owned() });
        }
        // A part in HTML mostly repeats the plain one beside it.
        if !parts.iter().any(|part| part.kind == PartKind::Text && !part.text.trim().is_empty()) {
            let pages = message.parts.iter().take(PARTS_MAX).filter_map(html_text);
            parts.extend(
                pages
                    .map(|page| Part { kind: PartKind::Text, text: clip(&page, budget).to_owned() })
                    .take(1),
            );
        }
        let fields = message.headers_raw().take(FIELDS_MAX);
        Self {
            fields: fields
                .map(|(name, value)| (name.to_ascii_lowercase(), squeeze(value, FIELD_BYTES_MAX)))
                .collect(),
            subject: squeeze(message.subject().unwrap_or_default(), FIELD_BYTES_MAX),
            parts,
        }
    }
}

/// Tells what a part is for and gives its text; nothing for containers and HTML.
fn sort<'a>(
    message: &'a Message<'_>,
    part: &'a MessagePart<'_>,
) -> Option<(PartKind, Cow<'a, str>)> {
    let kind = declared_kind(part);
    match &part.body {
        PartType::Multipart(_) | PartType::Html(_) => None,
        PartType::Text(text) => {
            Some((kind.unwrap_or(PartKind::Text), Cow::Borrowed(text.as_ref())))
        }
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => match kind {
            Some(kind) => Some((kind, String::from_utf8_lossy(bytes))),
            // A container whose boundary is lost is still text.
            None if is_container(part) => Some((PartKind::Text, String::from_utf8_lossy(bytes))),
            None => Some((PartKind::Other, Cow::Borrowed(""))),
        },
        PartType::Message(nested) => {
            let (start, end) = (part.raw_body_offset() as usize, part.raw_end_offset() as usize);
            // A nested mail that was encoded owns its bytes; the others are a piece of the whole.
            let bytes = match &nested.raw_message {
                Cow::Owned(bytes) => bytes.as_slice(),
                Cow::Borrowed(_) => message.raw_message().get(start..end).unwrap_or_default(),
            };
            Some((PartKind::Copy, String::from_utf8_lossy(bytes)))
        }
    }
}

fn declared_kind(part: &MessagePart<'_>) -> Option<PartKind> {
    let declared = part.content_type()?;
    let kind = format!("{}/{}", declared.ctype(), declared.subtype().unwrap_or_default())
        .to_ascii_lowercase();
    match kind.as_str() {
        "message/delivery-status" | "message/global-delivery-status" => {
            Some(PartKind::DeliveryStatus)
        }
        "message/feedback-report" => Some(PartKind::Feedback),
        "message/disposition-notification" | "message/global-disposition-notification" => {
            Some(PartKind::Disposition)
        }
        "text/rfc822-headers"
        | "text/rfc822-header"
        | "text/rfc822"
        | "message/rfc822"
        | "message/partial" => Some(PartKind::Copy),
        _ => None,
    }
}

fn is_container(part: &MessagePart<'_>) -> bool {
    part.content_type().is_some_and(|declared| ["multipart", "message"].contains(&declared.ctype()))
}

fn html_text(part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Html(page) => Some(markup::plain(page, TEXT_BYTES_MAX)),
        PartType::Text(_)
        | PartType::Binary(_)
        | PartType::InlineBinary(_)
        | PartType::Message(_)
        | PartType::Multipart(_) => None,
    }
}
