//! A message's properties, kept as the bytes they came in.
//!
//! They are checked once when they are read, so looking into them cannot fail, and a broker
//! passes them on without taking them apart.

mod builder;

use core::fmt;

use bytes::Bytes;

pub use self::builder::PropertiesBuilder;
use crate::{decode_error::DecodeError, field::FieldTable, reader::Reader, short_str::ShortStr};

/// The properties of one message.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Properties {
    /// Two octets of flags, then the values of those set.
    raw: Bytes,
}

/// The properties in wire order: the first has the highest flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Property {
    ContentType,
    ContentEncoding,
    Headers,
    DeliveryMode,
    Priority,
    CorrelationId,
    ReplyTo,
    Expiration,
    MessageId,
    Timestamp,
    Kind,
    UserId,
    AppId,
    ClusterId,
}

/// How a property's value is written.
enum Layout {
    ShortStr,
    Table,
    Octet,
    LongLong,
}

impl Property {
    const ALL: [Self; 14] = [
        Self::ContentType,
        Self::ContentEncoding,
        Self::Headers,
        Self::DeliveryMode,
        Self::Priority,
        Self::CorrelationId,
        Self::ReplyTo,
        Self::Expiration,
        Self::MessageId,
        Self::Timestamp,
        Self::Kind,
        Self::UserId,
        Self::AppId,
        Self::ClusterId,
    ];

    const fn flag(self) -> u16 {
        1 << (15 - self as u16)
    }

    const fn layout(self) -> Layout {
        match self {
            Self::Headers => Layout::Table,
            Self::DeliveryMode | Self::Priority => Layout::Octet,
            Self::Timestamp => Layout::LongLong,
            Self::ContentType
            | Self::ContentEncoding
            | Self::CorrelationId
            | Self::ReplyTo
            | Self::Expiration
            | Self::MessageId
            | Self::Kind
            | Self::UserId
            | Self::AppId
            | Self::ClusterId => Layout::ShortStr,
        }
    }
}

/// AMQP 0-9-1, 4.2.6.1: bit 0 announces more flags, which no property of class basic uses; bit 1 is unused.
const RESERVED: u16 = 0b11;

impl Properties {
    /// No property.
    pub const EMPTY: Self = Self { raw: Bytes::from_static(&[0, 0]) };

    /// Checks the bytes that follow the body's size in a content header.
    pub fn from_bytes(raw: Bytes) -> Result<Self, DecodeError> {
        Self::read(&mut Reader::new(&raw))
    }

    /// Checks and shares all that is left to read.
    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read_with(input, |input| input.table().map(drop))
    }

    /// The same, without a look into the table of headers.
    pub(crate) fn read_with_any_headers(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read_with(input, Reader::skip_long_str)
    }

    fn read_with<'a>(
        input: &mut Reader<'a>,
        read_table: impl Fn(&mut Reader<'a>) -> Result<(), DecodeError>,
    ) -> Result<Self, DecodeError> {
        let start = input.position();
        let flags = input.u16()?;
        if flags & RESERVED != 0 {
            return Err(DecodeError::ReservedPropertyFlag { flags });
        }
        let mut left = flags;
        while left != 0 {
            let property = first_of(left);
            left &= !property.flag();
            match property.layout() {
                Layout::ShortStr => input.skip_short_str()?,
                Layout::Table => read_table(input)?,
                Layout::Octet => _ = input.u8()?,
                Layout::LongLong => _ = input.u64()?,
            }
        }
        input.finish()?;
        Ok(Self { raw: input.shared_since(start) })
    }

    /// The bytes as they follow the body's size in a content header.
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }

    /// No property, to add some.
    pub fn builder() -> PropertiesBuilder {
        PropertiesBuilder::default()
    }

    /// All properties, to change some.
    pub fn to_builder(&self) -> PropertiesBuilder {
        PropertiesBuilder::from(self)
    }

    /// The MIME type of the body.
    pub fn content_type(&self) -> Option<ShortStr> {
        self.short_str(Property::ContentType)
    }

    /// The MIME encoding of the body.
    pub fn content_encoding(&self) -> Option<ShortStr> {
        self.short_str(Property::ContentEncoding)
    }

    /// Whether there is a table of headers that cannot be read: nested deeper than
    /// [`NESTING_MAX`](crate::NESTING_MAX), or broken. Only a client ever sees one.
    pub fn has_unreadable_headers(&self) -> bool {
        self.find(Property::Headers).is_some_and(|mut input| input.table().is_err())
    }

    /// The header table; nothing if there is none, or it cannot be read.
    pub fn headers(&self) -> Option<FieldTable> {
        self.find(Property::Headers)?.table().ok()
    }

    /// 1 for transient, 2 for persistent, as it was sent.
    pub fn delivery_mode(&self) -> Option<u8> {
        self.find(Property::DeliveryMode)?.u8().ok()
    }

    /// Whether the message is to survive a restart.
    pub fn is_persistent(&self) -> bool {
        self.delivery_mode() == Some(2)
    }

    /// The priority; higher is sooner.
    pub fn priority(&self) -> Option<u8> {
        self.find(Property::Priority)?.u8().ok()
    }

    /// Which request this answers.
    pub fn correlation_id(&self) -> Option<ShortStr> {
        self.short_str(Property::CorrelationId)
    }

    /// Where to send an answer.
    pub fn reply_to(&self) -> Option<ShortStr> {
        self.short_str(Property::ReplyTo)
    }

    /// The time to live in milliseconds, as text.
    pub fn expiration(&self) -> Option<ShortStr> {
        self.short_str(Property::Expiration)
    }

    /// The message's id.
    pub fn message_id(&self) -> Option<ShortStr> {
        self.short_str(Property::MessageId)
    }

    /// When it was made, in seconds since the Unix epoch.
    pub fn timestamp(&self) -> Option<u64> {
        self.find(Property::Timestamp)?.u64().ok()
    }

    /// The message's type (the property `type`).
    pub fn kind(&self) -> Option<ShortStr> {
        self.short_str(Property::Kind)
    }

    /// The user who published it.
    pub fn user_id(&self) -> Option<ShortStr> {
        self.short_str(Property::UserId)
    }

    /// The application that published it.
    pub fn app_id(&self) -> Option<ShortStr> {
        self.short_str(Property::AppId)
    }

    /// The cluster, which nobody uses.
    pub fn cluster_id(&self) -> Option<ShortStr> {
        self.short_str(Property::ClusterId)
    }

    fn short_str(&self, property: Property) -> Option<ShortStr> {
        self.find(property)?.short_str().ok()
    }

    /// A reader that stands before the value of that property.
    fn find(&self, wanted: Property) -> Option<Reader<'_>> {
        let mut input = Reader::new(&self.raw);
        let flags = input.u16().ok()?;
        if flags & wanted.flag() == 0 {
            return None;
        }
        let mut left = flags;
        loop {
            let property = first_of(left);
            if property == wanted {
                return Some(input);
            }
            left &= !property.flag();
            match property.layout() {
                Layout::ShortStr => input.skip_short_str().ok()?,
                Layout::Table => input.skip_long_str().ok()?,
                Layout::Octet => _ = input.u8().ok()?,
                Layout::LongLong => _ = input.u64().ok()?,
            }
        }
    }
}

/// The property of the highest flag set.
fn first_of(flags: u16) -> Property {
    let index = flags.leading_zeros() as usize;
    Property::ALL.get(index).copied().unwrap_or(Property::ClusterId)
}

impl Default for Properties {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_builder(), f)
    }
}
