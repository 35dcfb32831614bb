//! What a content type says: an essence, and a charset.

use leveret_protocol::Properties;

use crate::codec::error::DecodeError;

/// A content type, taken apart.
#[derive(Debug)]
pub(super) struct MediaType {
    text: String,
    essence: String,
}

/// How text is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Ascii,
    Latin1,
}

impl MediaType {
    /// That of a message; an absent one is empty.
    pub(super) fn of(properties: &Properties) -> Self {
        let content_type = properties.content_type();
        let text = content_type.map_or_else(String::new, |text| text.to_string_lossy().into());
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Self { text, essence }
    }

    /// In lower case, without parameters.
    pub(super) fn essence(&self) -> &str {
        &self.essence
    }

    /// As it came.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn is_absent(&self) -> bool {
        self.essence.is_empty()
    }

    /// Whether it tells nothing of what is inside.
    pub(super) fn is_unspecific(&self) -> bool {
        self.is_absent() || self.essence == "application/octet-stream"
    }

    /// The parameter `charset`, UTF-8 without one.
    pub(super) fn charset(&self) -> Result<Charset, DecodeError> {
        let named = self.text.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        });
        let Some(named) = named else { return Ok(Charset::Utf8) };
        match named.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Ok(Charset::Utf8),
            "us-ascii" | "ascii" => Ok(Charset::Ascii),
            "iso-8859-1" | "latin1" => Ok(Charset::Latin1),
            _ => Err(DecodeError::Charset { found: named.to_owned() }),
        }
    }
}
