//! A delivery on its way out, made of borrowed parts.
//!
//! It is what a broker sends most; as a `Method` its names would be shared and let go each time.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::{
    generated::basic, method::Arguments as _, properties::Properties, short_str::ShortStr,
    writer::put_short_str,
};

/// A `basic.deliver` with its content.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The consumer it goes to.
    pub consumer_tag: &'a ShortStr,
    /// Its number on the channel.
    pub delivery_tag: u64,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
    /// Where the message was published.
    pub exchange: &'a ShortStr,
    /// With which key.
    pub routing_key: &'a ShortStr,
    /// The message's properties.
    pub properties: &'a Properties,
    /// The message's body.
    pub body: &'a Bytes,
}

impl Delivery<'_> {
    pub(super) const CLASS_ID: u16 = basic::Deliver::DESCRIPTOR.class_id;

    /// Writes the method as `Method::encode` would.
    pub(super) fn encode_method(&self, out: &mut BytesMut) {
        out.put_u16(Self::CLASS_ID);
        out.put_u16(basic::Deliver::DESCRIPTOR.method_id);
        put_short_str(out, self.consumer_tag);
        out.put_u64(self.delivery_tag);
        out.put_u8(u8::from(self.redelivered));
        put_short_str(out, self.exchange);
        put_short_str(out, self.routing_key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::method_enum::Method;

    #[test]
    fn it_is_written_as_the_method_is() {
        let (tag, key) = (ShortStr::from_static("ctag"), ShortStr::from_static("jobs.new"));
        let delivery = Delivery {
            consumer_tag: &tag,
            delivery_tag: 1 << 40,
            redelivered: true,
            exchange: &ShortStr::EMPTY,
            routing_key: &key,
            properties: &Properties::EMPTY,
            body: &Bytes::new(),
        };
        let method = Method::BasicDeliver(basic::Deliver {
            consumer_tag: tag.clone(),
            delivery_tag: 1 << 40,
            redelivered: true,
            exchange: ShortStr::EMPTY,
            routing_key: key.clone(),
        });
        let (mut ours, mut generated) = (BytesMut::new(), BytesMut::new());
        delivery.encode_method(&mut ours);
        method.encode(&mut generated);
        assert_eq!(ours, generated);
    }
}
