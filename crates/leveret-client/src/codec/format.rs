//! How values are written.

/// A format of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JSON, in UTF-8.
    Json,
    /// Text: strings, written in UTF-8.
    Text,
    /// Bytes as they are: strings and sequences of `u8`.
    Bytes,
    /// Comma-separated rows with a line of names: sequences of structs. Cargo feature `csv`.
    Csv,
    /// `MessagePack`, fields by name. Cargo feature `msgpack`.
    MessagePack,
    /// CBOR, RFC 8949. Cargo feature `cbor`.
    Cbor,
}

impl Format {
    pub(super) const LIST: &'static str = "application/json, text/plain, \
        application/octet-stream, text/csv, application/msgpack, application/cbor";

    /// What bodies of this format say they are.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
            Self::Bytes => "application/octet-stream",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::MessagePack => "application/msgpack",
            Self::Cbor => "application/cbor",
        }
    }

    /// The format of a content type in lower case, without parameters.
    pub(super) fn of(essence: &str) -> Option<Self> {
        match essence {
            "application/json" | "text/json" => Some(Self::Json),
            "application/octet-stream" => Some(Self::Bytes),
            "text/csv" => Some(Self::Csv),
            "application/msgpack" | "application/x-msgpack" | "application/vnd.msgpack" => {
                Some(Self::MessagePack)
            }
            "application/cbor" => Some(Self::Cbor),
            // RFC 6839 and others: a suffix names the syntax of what has a name of its own.
            _ => match essence.rsplit_once('+') {
                Some((_, "json")) => Some(Self::Json),
                Some((_, "msgpack")) => Some(Self::MessagePack),
                Some((_, "cbor")) => Some(Self::Cbor),
                Some(_) | None => essence.starts_with("text/").then_some(Self::Text),
            },
        }
    }
}
