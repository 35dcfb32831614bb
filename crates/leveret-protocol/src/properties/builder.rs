//! Properties taken apart, to be written anew.

use core::fmt;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::{Properties, Property};
use crate::{
    field::FieldTable,
    short_str::ShortStr,
    writer::{put_long_str, put_short_str},
};

/// Properties being written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PropertiesBuilder {
    content_type: Option<ShortStr>,
    content_encoding: Option<ShortStr>,
    headers: Option<FieldTable>,
    delivery_mode: Option<u8>,
    priority: Option<u8>,
    correlation_id: Option<ShortStr>,
    reply_to: Option<ShortStr>,
    expiration: Option<ShortStr>,
    message_id: Option<ShortStr>,
    timestamp: Option<u64>,
    kind: Option<ShortStr>,
    user_id: Option<ShortStr>,
    app_id: Option<ShortStr>,
    cluster_id: Option<ShortStr>,
}

/// Writes one setter for each line: `name: type`, which takes a value or `None`.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        impl PropertiesBuilder {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(mut self, value: impl Into<Option<$type>>) -> Self {
                    self.$name = value.into();
                    self
                }
            )*
        }

        impl fmt::Debug for PropertiesBuilder {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut out = f.debug_struct("Properties");
                $(if let Some(value) = &self.$name {
                    out.field(stringify!($name), value);
                })*
                out.finish()
            }
        }
    };
}

setters! {
    /// The MIME type of the body.
    content_type: ShortStr;
    /// The MIME encoding of the body.
    content_encoding: ShortStr;
    /// The header table.
    headers: FieldTable;
    /// 1 for transient, 2 for persistent.
    delivery_mode: u8;
    /// The priority; higher is sooner.
    priority: u8;
    /// Which request this answers.
    correlation_id: ShortStr;
    /// Where to send an answer.
    reply_to: ShortStr;
    /// The time to live in milliseconds, as text.
    expiration: ShortStr;
    /// The message's id.
    message_id: ShortStr;
    /// When it was made, in seconds since the Unix epoch.
    timestamp: u64;
    /// The message's type (the property `type`).
    kind: ShortStr;
    /// The user who publishes it.
    user_id: ShortStr;
    /// The application that publishes it.
    app_id: ShortStr;
    /// The cluster, which nobody uses.
    cluster_id: ShortStr;
}

impl PropertiesBuilder {
    /// Makes the message survive a restart.
    #[must_use]
    pub fn persistent(self) -> Self {
        self.delivery_mode(2)
    }

    /// The properties.
    pub fn build(self) -> Properties {
        let mut out = Writer { flags: 0, raw: BytesMut::zeroed(2) };
        out.text(Property::ContentType, self.content_type.as_ref());
        out.text(Property::ContentEncoding, self.content_encoding.as_ref());
        out.value(Property::Headers, self.headers, |raw, table| {
            put_long_str(raw, table.as_bytes());
        });
        out.value(Property::DeliveryMode, self.delivery_mode, BytesMut::put_u8);
        out.value(Property::Priority, self.priority, BytesMut::put_u8);
        out.text(Property::CorrelationId, self.correlation_id.as_ref());
        out.text(Property::ReplyTo, self.reply_to.as_ref());
        out.text(Property::Expiration, self.expiration.as_ref());
        out.text(Property::MessageId, self.message_id.as_ref());
        out.value(Property::Timestamp, self.timestamp, BytesMut::put_u64);
        out.text(Property::Kind, self.kind.as_ref());
        out.text(Property::UserId, self.user_id.as_ref());
        out.text(Property::AppId, self.app_id.as_ref());
        out.text(Property::ClusterId, self.cluster_id.as_ref());
        Properties { raw: out.finish() }
    }
}

impl From<&Properties> for PropertiesBuilder {
    fn from(properties: &Properties) -> Self {
        Self {
            content_type: properties.content_type(),
            content_encoding: properties.content_encoding(),
            headers: properties.headers(),
            delivery_mode: properties.delivery_mode(),
            priority: properties.priority(),
            correlation_id: properties.correlation_id(),
            reply_to: properties.reply_to(),
            expiration: properties.expiration(),
            message_id: properties.message_id(),
            timestamp: properties.timestamp(),
            kind: properties.kind(),
            user_id: properties.user_id(),
            app_id: properties.app_id(),
            cluster_id: properties.cluster_id(),
        }
    }
}

struct Writer {
    flags: u16,
    raw: BytesMut,
}

impl Writer {
    fn value<T>(&mut self, property: Property, value: Option<T>, put: impl Fn(&mut BytesMut, T)) {
        if let Some(value) = value {
            self.flags |= property.flag();
            put(&mut self.raw, value);
        }
    }

    fn text(&mut self, property: Property, value: Option<&ShortStr>) {
        self.value(property, value, put_short_str);
    }

    fn finish(mut self) -> Bytes {
        if let Some(flags) = self.raw.first_chunk_mut() {
            *flags = self.flags.to_be_bytes();
        }
        self.raw.freeze()
    }
}
