//! Values as bodies: formats by content type, compression by content encoding.
//!
//! A body that comes in is judged by what its properties say of it, and nothing in it is
//! believed: compressed ones are unpacked up to a limit.

mod body;
#[cfg(feature = "csv")]
mod csv;
mod encoding;
mod error;
mod format;
mod media_type;
mod message;
mod plain;

use std::collections::BTreeMap;

use bytes::Bytes;
use leveret_protocol::{Properties, PropertiesBuilder, ShortStr};
use serde::{Serialize, de::DeserializeOwned};

use self::media_type::{Charset, MediaType};
pub use self::{
    encoding::Encoding,
    error::{DecodeError, EncodeError},
    format::Format,
};

/// How values become bodies, and bodies values.
///
/// ```
/// use leveret_client::{Codecs, Properties};
///
/// let codecs = Codecs::default();
/// let (properties, body) = codecs.encode(Properties::builder(), &("seven", 7))?;
/// assert_eq!(properties.content_type().unwrap(), "application/json");
/// assert_eq!(body, r#"["seven",7]"#);
/// assert_eq!(codecs.decode::<(String, u8)>(&properties, &body)?, ("seven".to_owned(), 7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codecs {
    /// What values are written as; JSON unless said otherwise.
    pub format: Format,
    /// What bodies are compressed with, and their length in bytes from which on they are.
    pub compression: Option<(Encoding, usize)>,
    /// What a body without a content type is taken for; JSON unless said otherwise.
    pub untyped: Option<Format>,
    /// More content types, in lower case and without parameters, and what they are read as.
    pub aliases: BTreeMap<String, Format>,
    /// The most bytes that a compressed body may unpack to; 16 MiB unless said otherwise.
    pub unpacked_bytes_max: usize,
    /// How many encodings may lie over each other; 2 unless said otherwise.
    pub encodings_max: usize,
}

impl Default for Codecs {
    fn default() -> Self {
        Self {
            format: Format::Json,
            compression: None,
            untyped: Some(Format::Json),
            aliases: BTreeMap::new(),
            unpacked_bytes_max: 16 * 1024 * 1024,
            encodings_max: 2,
        }
    }
}

impl Codecs {
    /// All the rest as usual, but values are written in this format.
    pub fn of(format: Format) -> Self {
        Self { format, ..Self::default() }
    }

    /// A value's body, and properties that say how to read it.
    pub fn encode<T: Serialize + ?Sized>(
        &self,
        properties: PropertiesBuilder,
        value: &T,
    ) -> Result<(Properties, Bytes), EncodeError> {
        let body = self.format.encode(value)?;
        let content_type = ShortStr::from_static(self.format.content_type());
        let properties = properties.content_type(content_type);
        match self.compression {
            Some((encoding, bytes_min)) if body.len() >= bytes_min => {
                let name = ShortStr::from_static(encoding.name());
                let body = encoding.pack(&body)?;
                Ok((properties.content_encoding(name).build(), body))
            }
            Some(_) | None => Ok((properties.content_encoding(None).build(), body)),
        }
    }

    /// The value in a body, by the format that its content type names.
    pub fn decode<T: DeserializeOwned>(
        &self,
        properties: &Properties,
        body: &Bytes,
    ) -> Result<T, DecodeError> {
        let (media_type, format) = self.format_of(properties)?;
        self.read(format, &media_type, (properties, body))
    }

    /// The value in a body that has to be of one format.
    ///
    /// A body without a content type, or of type `application/octet-stream`, is taken for it.
    pub fn decode_as<T: DeserializeOwned>(
        &self,
        format: Format,
        properties: &Properties,
        body: &Bytes,
    ) -> Result<T, DecodeError> {
        if self.is_written_so(format, properties) {
            return format.decode(body, Charset::Utf8);
        }
        let media_type = MediaType::of(properties);
        if !media_type.is_unspecific() && self.known(&media_type) != Some(format) {
            let found = media_type.into_text();
            return Err(DecodeError::ContentType { found, wanted: format.content_type().into() });
        }
        self.read(format, &media_type, (properties, body))
    }

    /// These codecs, writing in the format that a message is written in; in their own, if they do
    /// not know that of the message.
    ///
    /// For answers in the language of the question.
    #[must_use]
    pub fn like(&self, properties: &Properties) -> Self {
        let format = self.format_of(properties).map_or(self.format, |(_, format)| format);
        Self { format, ..self.clone() }
    }

    /// A body without its content encodings.
    pub fn unpack(&self, properties: &Properties, body: &Bytes) -> Result<Bytes, DecodeError> {
        let Some(encodings) = properties.content_encoding() else { return Ok(body.clone()) };
        let text = encodings.to_string_lossy();
        let names = || text.split(',').map(str::trim).filter(|name| !encoding::is_plain(name));
        let found = names().count();
        if found > self.encodings_max {
            return Err(DecodeError::TooManyEncodings { found, max: self.encodings_max });
        }
        // The last named was put on last.
        names().rev().try_fold(body.clone(), |body, name| {
            let Some(encoding) = Encoding::of(name) else {
                return Err(DecodeError::UnknownEncoding { found: name.to_owned() });
            };
            encoding.unpack(&body, self.unpacked_bytes_max)
        })
    }

    fn read<T: DeserializeOwned>(
        &self,
        format: Format,
        media_type: &MediaType,
        (properties, body): (&Properties, &Bytes),
    ) -> Result<T, DecodeError> {
        let body = self.unpack(properties, body)?;
        format.decode(&body, media_type.charset()?)
    }

    /// Whether it is as we write this format ourselves: then there is nothing to take apart.
    fn is_written_so(&self, format: Format, properties: &Properties) -> bool {
        let is_known = self.aliases.is_empty() && properties.content_encoding().is_none();
        let content_type = properties.content_type().filter(|_| is_known);
        content_type.is_some_and(|found| found == format.content_type())
    }

    fn format_of(&self, properties: &Properties) -> Result<(MediaType, Format), DecodeError> {
        let media_type = MediaType::of(properties);
        let format = if media_type.is_absent() { self.untyped } else { self.known(&media_type) };
        match format {
            Some(format) => Ok((media_type, format)),
            None => Err(DecodeError::UnknownContentType { found: media_type.into_text() }),
        }
    }

    fn known(&self, media_type: &MediaType) -> Option<Format> {
        let alias = self.aliases.get(media_type.essence()).copied();
        alias.or_else(|| Format::of(media_type.essence()))
    }
}
