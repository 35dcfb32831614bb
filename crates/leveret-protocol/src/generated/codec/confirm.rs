//! The methods of class confirm as bytes.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::{BufMut, BytesMut};

use crate::decode_error::DecodeError;
use crate::generated::confirm::{Select, SelectOk};
use crate::method::{Arguments, Descriptor, Sender};
use crate::reader::Reader;

impl Arguments for Select {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 85,
        method_id: 10,
        name: "confirm.select",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = input.u8()?;
        let no_wait = bits & 1 != 0;
        Ok(Self { no_wait })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(u8::from(self.no_wait));
    }
}

impl Arguments for SelectOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 85,
        method_id: 11,
        name: "confirm.select-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}
