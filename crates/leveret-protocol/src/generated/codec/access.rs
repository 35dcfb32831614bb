//! The methods of class access as bytes.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::{BufMut, BytesMut};

use crate::decode_error::DecodeError;
use crate::generated::access::{Request, RequestOk};
use crate::method::{Arguments, Descriptor, Sender};
use crate::reader::Reader;
use crate::writer::put_short_str;

impl Arguments for Request {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 30,
        method_id: 10,
        name: "access.request",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let realm = input.short_str()?;
        let bits = input.u8()?;
        let exclusive = bits & 1 != 0;
        let passive = bits & 2 != 0;
        let active = bits & 4 != 0;
        let write = bits & 8 != 0;
        let read = bits & 16 != 0;
        Ok(Self { realm, exclusive, passive, active, write, read })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_short_str(out, &self.realm);
        out.put_u8(
            u8::from(self.exclusive)
                | (u8::from(self.passive) << 1)
                | (u8::from(self.active) << 2)
                | (u8::from(self.write) << 3)
                | (u8::from(self.read) << 4),
        );
    }
}

impl Arguments for RequestOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 30,
        method_id: 11,
        name: "access.request-ok",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let ticket = input.u16()?;
        Ok(Self { ticket })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.ticket);
    }
}
