//! The methods of class queue as bytes.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::{BufMut, BytesMut};

use crate::decode_error::DecodeError;
use crate::generated::queue::{
    Bind, BindOk, Declare, DeclareOk, Delete, DeleteOk, Purge, PurgeOk, Unbind, UnbindOk,
};
use crate::method::{Arguments, Descriptor, Sender};
use crate::reader::Reader;
use crate::writer::{put_long_str, put_short_str};

impl Arguments for Declare {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 10,
        name: "queue.declare",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let queue = input.short_str()?;
        let bits = input.u8()?;
        let passive = bits & 1 != 0;
        let durable = bits & 2 != 0;
        let exclusive = bits & 4 != 0;
        let auto_delete = bits & 8 != 0;
        let no_wait = bits & 16 != 0;
        let arguments = input.table()?;
        Ok(Self { queue, passive, durable, exclusive, auto_delete, no_wait, arguments })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.queue);
        out.put_u8(
            u8::from(self.passive)
                | (u8::from(self.durable) << 1)
                | (u8::from(self.exclusive) << 2)
                | (u8::from(self.auto_delete) << 3)
                | (u8::from(self.no_wait) << 4),
        );
        put_long_str(out, self.arguments.as_bytes());
    }
}

impl Arguments for DeclareOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 11,
        name: "queue.declare-ok",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let queue = input.short_str()?;
        let message_count = input.u32()?;
        let consumer_count = input.u32()?;
        Ok(Self { queue, message_count, consumer_count })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_short_str(out, &self.queue);
        out.put_u32(self.message_count);
        out.put_u32(self.consumer_count);
    }
}

impl Arguments for Bind {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 20,
        name: "queue.bind",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let queue = input.short_str()?;
        let exchange = input.short_str()?;
        let routing_key = input.short_str()?;
        let bits = input.u8()?;
        let no_wait = bits & 1 != 0;
        let arguments = input.table()?;
        Ok(Self { queue, exchange, routing_key, no_wait, arguments })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.queue);
        put_short_str(out, &self.exchange);
        put_short_str(out, &self.routing_key);
        out.put_u8(u8::from(self.no_wait));
        put_long_str(out, self.arguments.as_bytes());
    }
}

impl Arguments for BindOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 21,
        name: "queue.bind-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for Purge {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 30,
        name: "queue.purge",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let queue = input.short_str()?;
        let bits = input.u8()?;
        let no_wait = bits & 1 != 0;
        Ok(Self { queue, no_wait })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.queue);
        out.put_u8(u8::from(self.no_wait));
    }
}

impl Arguments for PurgeOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 31,
        name: "queue.purge-ok",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let message_count = input.u32()?;
        Ok(Self { message_count })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u32(self.message_count);
    }
}

impl Arguments for Delete {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 40,
        name: "queue.delete",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let queue = input.short_str()?;
        let bits = input.u8()?;
        let if_unused = bits & 1 != 0;
        let if_empty = bits & 2 != 0;
        let no_wait = bits & 4 != 0;
        Ok(Self { queue, if_unused, if_empty, no_wait })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.queue);
        out.put_u8(
            u8::from(self.if_unused)
                | (u8::from(self.if_empty) << 1)
                | (u8::from(self.no_wait) << 2),
        );
    }
}

impl Arguments for DeleteOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 41,
        name: "queue.delete-ok",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let message_count = input.u32()?;
        Ok(Self { message_count })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u32(self.message_count);
    }
}

impl Arguments for Unbind {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 50,
        name: "queue.unbind",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let queue = input.short_str()?;
        let exchange = input.short_str()?;
        let routing_key = input.short_str()?;
        let arguments = input.table()?;
        Ok(Self { queue, exchange, routing_key, arguments })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.queue);
        put_short_str(out, &self.exchange);
        put_short_str(out, &self.routing_key);
        put_long_str(out, self.arguments.as_bytes());
    }
}

impl Arguments for UnbindOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 50,
        method_id: 51,
        name: "queue.unbind-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}
