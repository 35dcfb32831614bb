//! The methods of class exchange as bytes.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::{BufMut, BytesMut};

use crate::decode_error::DecodeError;
use crate::generated::exchange::{
    Bind, BindOk, Declare, DeclareOk, Delete, DeleteOk, Unbind, UnbindOk,
};
use crate::method::{Arguments, Descriptor, Sender};
use crate::reader::Reader;
use crate::writer::{put_long_str, put_short_str};

impl Arguments for Declare {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 40,
        method_id: 10,
        name: "exchange.declare",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let exchange = input.short_str()?;
        let kind = input.short_str()?;
        let bits = input.u8()?;
        let passive = bits & 1 != 0;
        let durable = bits & 2 != 0;
        let auto_delete = bits & 4 != 0;
        let internal = bits & 8 != 0;
        let no_wait = bits & 16 != 0;
        let arguments = input.table()?;
        Ok(Self { exchange, kind, passive, durable, auto_delete, internal, no_wait, arguments })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.exchange);
        put_short_str(out, &self.kind);
        out.put_u8(
            u8::from(self.passive)
                | (u8::from(self.durable) << 1)
                | (u8::from(self.auto_delete) << 2)
                | (u8::from(self.internal) << 3)
                | (u8::from(self.no_wait) << 4),
        );
        put_long_str(out, self.arguments.as_bytes());
    }
}

impl Arguments for DeclareOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 40,
        method_id: 11,
        name: "exchange.declare-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for Delete {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 40,
        method_id: 20,
        name: "exchange.delete",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let exchange = input.short_str()?;
        let bits = input.u8()?;
        let if_unused = bits & 1 != 0;
        let no_wait = bits & 2 != 0;
        Ok(Self { exchange, if_unused, no_wait })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.exchange);
        out.put_u8(u8::from(self.if_unused) | (u8::from(self.no_wait) << 1));
    }
}

impl Arguments for DeleteOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 40,
        method_id: 21,
        name: "exchange.delete-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for Bind {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 40,
        method_id: 30,
        name: "exchange.bind",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let destination = input.short_str()?;
        let source = input.short_str()?;
        let routing_key = input.short_str()?;
        let bits = input.u8()?;
        let no_wait = bits & 1 != 0;
        let arguments = input.table()?;
        Ok(Self { destination, source, routing_key, no_wait, arguments })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.destination);
        put_short_str(out, &self.source);
        put_short_str(out, &self.routing_key);
        out.put_u8(u8::from(self.no_wait));
        put_long_str(out, self.arguments.as_bytes());
    }
}

impl Arguments for BindOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 40,
        method_id: 31,
        name: "exchange.bind-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for Unbind {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 40,
        method_id: 40,
        name: "exchange.unbind",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.u16()?;
        let destination = input.short_str()?;
        let source = input.short_str()?;
        let routing_key = input.short_str()?;
        let bits = input.u8()?;
        let no_wait = bits & 1 != 0;
        let arguments = input.table()?;
        Ok(Self { destination, source, routing_key, no_wait, arguments })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(0);
        put_short_str(out, &self.destination);
        put_short_str(out, &self.source);
        put_short_str(out, &self.routing_key);
        out.put_u8(u8::from(self.no_wait));
        put_long_str(out, self.arguments.as_bytes());
    }
}

impl Arguments for UnbindOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 40,
        method_id: 51,
        name: "exchange.unbind-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}
