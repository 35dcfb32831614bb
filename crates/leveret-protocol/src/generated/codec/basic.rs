//! The methods of class basic as bytes.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::{BufMut, BytesMut};

use crate::decode_error::DecodeError;
use crate::generated::basic::{
    Ack, Cancel, CancelOk, Consume, ConsumeOk, Deliver, Get, GetEmpty, GetOk, Nack, Publish, Qos,
    QosOk, Recover, RecoverAsync, RecoverOk, Reject, Return,
};
use crate::method::{Arguments, Descriptor, Sender};
use crate::reader::Reader;
use crate::short_str::ShortStr;
use crate::writer::{put_long_str, put_short_str};

impl Arguments for Qos {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 10,
        name: "basic.qos",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let prefetch_size = input.u32()?;
        let prefetch_count = input.u16()?;
        let bits = input.u8()?;
        let global = bits & 1 != 0;
        Ok(Self { prefetch_size, prefetch_count, global })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u32(self.prefetch_size);
        out.put_u16(self.prefetch_count);
        out.put_u8(u8::from(self.global));
    }
}

impl Arguments for QosOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 11,
        name: "basic.qos-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for Consume {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 20,
        name: "basic.consume",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let queue = input.short_str()?;
        let consumer_tag = input.short_str()?;
        let bits = input.u8()?;
        let no_local = bits & 1 != 0;
        let no_ack = bits & 2 != 0;
        let exclusive = bits & 4 != 0;
        let no_wait = bits & 8 != 0;
        let arguments = input.table()?;
        Ok(Self { queue, consumer_tag, no_local, no_ack, exclusive, no_wait, arguments })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.queue);
        put_short_str(out, &self.consumer_tag);
        out.put_u8(
            u8::from(self.no_local)
                | (u8::from(self.no_ack) << 1)
                | (u8::from(self.exclusive) << 2)
                | (u8::from(self.no_wait) << 3),
        );
        put_long_str(out, self.arguments.as_bytes());
    }
}

impl Arguments for ConsumeOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 21,
        name: "basic.consume-ok",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let consumer_tag = input.short_str()?;
        Ok(Self { consumer_tag })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_short_str(out, &self.consumer_tag);
    }
}

impl Arguments for Cancel {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 30,
        name: "basic.cancel",
        sender: Sender::Both,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let consumer_tag = input.short_str()?;
        let bits = input.u8()?;
        let no_wait = bits & 1 != 0;
        Ok(Self { consumer_tag, no_wait })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_short_str(out, &self.consumer_tag);
        out.put_u8(u8::from(self.no_wait));
    }
}

impl Arguments for CancelOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 31,
        name: "basic.cancel-ok",
        sender: Sender::Both,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let consumer_tag = input.short_str()?;
        Ok(Self { consumer_tag })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_short_str(out, &self.consumer_tag);
    }
}

impl Arguments for Publish {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 40,
        name: "basic.publish",
        sender: Sender::Client,
        has_content: true,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let exchange = input.short_str()?;
        let routing_key = input.short_str()?;
        let bits = input.u8()?;
        let mandatory = bits & 1 != 0;
        let immediate = bits & 2 != 0;
        Ok(Self { exchange, routing_key, mandatory, immediate })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.exchange);
        put_short_str(out, &self.routing_key);
        out.put_u8(u8::from(self.mandatory) | (u8::from(self.immediate) << 1));
    }
}

impl Arguments for Return {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 50,
        name: "basic.return",
        sender: Sender::Server,
        has_content: true,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let reply_code = input.u16()?;
        let reply_text = input.short_str()?;
        let exchange = input.short_str()?;
        let routing_key = input.short_str()?;
        Ok(Self { reply_code, reply_text, exchange, routing_key })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.reply_code);
        put_short_str(out, &self.reply_text);
        put_short_str(out, &self.exchange);
        put_short_str(out, &self.routing_key);
    }
}

impl Arguments for Deliver {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 60,
        name: "basic.deliver",
        sender: Sender::Server,
        has_content: true,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let consumer_tag = input.short_str()?;
        let delivery_tag = input.u64()?;
        let bits = input.u8()?;
        let redelivered = bits & 1 != 0;
        let exchange = input.short_str()?;
        let routing_key = input.short_str()?;
        Ok(Self { consumer_tag, delivery_tag, redelivered, exchange, routing_key })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_short_str(out, &self.consumer_tag);
        out.put_u64(self.delivery_tag);
        out.put_u8(u8::from(self.redelivered));
        put_short_str(out, &self.exchange);
        put_short_str(out, &self.routing_key);
    }
}

impl Arguments for Get {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 70,
        name: "basic.get",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let queue = input.short_str()?;
        let bits = input.u8()?;
        let no_ack = bits & 1 != 0;
        Ok(Self { queue, no_ack })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.queue);
        out.put_u8(u8::from(self.no_ack));
    }
}

impl Arguments for GetOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 71,
        name: "basic.get-ok",
        sender: Sender::Server,
        has_content: true,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let delivery_tag = input.u64()?;
        let bits = input.u8()?;
        let redelivered = bits & 1 != 0;
        let exchange = input.short_str()?;
        let routing_key = input.short_str()?;
        let message_count = input.u32()?;
        Ok(Self { delivery_tag, redelivered, exchange, routing_key, message_count })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u64(self.delivery_tag);
        out.put_u8(u8::from(self.redelivered));
        put_short_str(out, &self.exchange);
        put_short_str(out, &self.routing_key);
        out.put_u32(self.message_count);
    }
}

impl Arguments for GetEmpty {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 72,
        name: "basic.get-empty",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.short_str()?;
        Ok(Self)
    }
    fn encode(&self, out: &mut BytesMut) {
        put_short_str(out, &ShortStr::EMPTY);
    }
}

impl Arguments for Ack {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 80,
        name: "basic.ack",
        sender: Sender::Both,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let delivery_tag = input.u64()?;
        let bits = input.u8()?;
        let multiple = bits & 1 != 0;
        Ok(Self { delivery_tag, multiple })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u64(self.delivery_tag);
        out.put_u8(u8::from(self.multiple));
    }
}

impl Arguments for Reject {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 90,
        name: "basic.reject",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let delivery_tag = input.u64()?;
        let bits = input.u8()?;
        let requeue = bits & 1 != 0;
        Ok(Self { delivery_tag, requeue })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u64(self.delivery_tag);
        out.put_u8(u8::from(self.requeue));
    }
}

impl Arguments for RecoverAsync {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 100,
        name: "basic.recover-async",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = input.u8()?;
        let requeue = bits & 1 != 0;
        Ok(Self { requeue })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(u8::from(self.requeue));
    }
}

impl Arguments for Recover {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 110,
        name: "basic.recover",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = input.u8()?;
        let requeue = bits & 1 != 0;
        Ok(Self { requeue })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(u8::from(self.requeue));
    }
}

impl Arguments for RecoverOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 111,
        name: "basic.recover-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for Nack {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 60,
        method_id: 120,
        name: "basic.nack",
        sender: Sender::Both,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let delivery_tag = input.u64()?;
        let bits = input.u8()?;
        let multiple = bits & 1 != 0;
        let requeue = bits & 2 != 0;
        Ok(Self { delivery_tag, multiple, requeue })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u64(self.delivery_tag);
        out.put_u8(u8::from(self.multiple) | (u8::from(self.requeue) << 1));
    }
}
