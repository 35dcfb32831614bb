//! The methods of class channel as bytes.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::{BufMut, BytesMut};

use crate::decode_error::DecodeError;
use crate::generated::channel::{Close, CloseOk, Flow, FlowOk, Open, OpenOk};
use crate::method::{Arguments, Descriptor, Sender};
use crate::reader::Reader;
use crate::short_str::ShortStr;
use crate::writer::{put_long_str, put_short_str};

impl Arguments for Open {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 20,
        method_id: 10,
        name: "channel.open",
        sender: Sender::Client,
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

impl Arguments for OpenOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 20,
        method_id: 11,
        name: "channel.open-ok",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.long_str()?;
        Ok(Self)
    }
    fn encode(&self, out: &mut BytesMut) {
        put_long_str(out, &[]);
    }
}

impl Arguments for Flow {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 20,
        method_id: 20,
        name: "channel.flow",
        sender: Sender::Both,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = input.u8()?;
        let active = bits & 1 != 0;
        Ok(Self { active })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(u8::from(self.active));
    }
}

impl Arguments for FlowOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 20,
        method_id: 21,
        name: "channel.flow-ok",
        sender: Sender::Both,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = input.u8()?;
        let active = bits & 1 != 0;
        Ok(Self { active })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(u8::from(self.active));
    }
}

impl Arguments for Close {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 20,
        method_id: 40,
        name: "channel.close",
        sender: Sender::Both,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let reply_code = input.u16()?;
        let reply_text = input.short_str()?;
        let class_id = input.u16()?;
        let method_id = input.u16()?;
        Ok(Self { reply_code, reply_text, class_id, method_id })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.reply_code);
        put_short_str(out, &self.reply_text);
        out.put_u16(self.class_id);
        out.put_u16(self.method_id);
    }
}

impl Arguments for CloseOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 20,
        method_id: 41,
        name: "channel.close-ok",
        sender: Sender::Both,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}
