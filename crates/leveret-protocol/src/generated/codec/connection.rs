//! The methods of class connection as bytes.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::{BufMut, BytesMut};

use crate::decode_error::DecodeError;
use crate::generated::connection::{
    Blocked, Close, CloseOk, Open, OpenOk, Secure, SecureOk, Start, StartOk, Tune, TuneOk,
    Unblocked, UpdateSecret, UpdateSecretOk,
};
use crate::method::{Arguments, Descriptor, Sender};
use crate::reader::Reader;
use crate::short_str::ShortStr;
use crate::writer::{put_long_str, put_short_str};

impl Arguments for Start {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 10,
        name: "connection.start",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version_major = input.u8()?;
        let version_minor = input.u8()?;
        let server_properties = input.table()?;
        let mechanisms = input.long_str()?;
        let locales = input.long_str()?;
        Ok(Self { version_major, version_minor, server_properties, mechanisms, locales })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.version_major);
        out.put_u8(self.version_minor);
        put_long_str(out, self.server_properties.as_bytes());
        put_long_str(out, &self.mechanisms);
        put_long_str(out, &self.locales);
    }
}

impl Arguments for StartOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 11,
        name: "connection.start-ok",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let client_properties = input.table()?;
        let mechanism = input.short_str()?;
        let response = input.secret()?;
        let locale = input.short_str()?;
        Ok(Self { client_properties, mechanism, response, locale })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_long_str(out, self.client_properties.as_bytes());
        put_short_str(out, &self.mechanism);
        put_long_str(out, self.response.as_bytes());
        put_short_str(out, &self.locale);
    }
}

impl Arguments for Secure {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 20,
        name: "connection.secure",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let challenge = input.long_str()?;
        Ok(Self { challenge })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_long_str(out, &self.challenge);
    }
}

impl Arguments for SecureOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 21,
        name: "connection.secure-ok",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let response = input.secret()?;
        Ok(Self { response })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_long_str(out, self.response.as_bytes());
    }
}

impl Arguments for Tune {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 30,
        name: "connection.tune",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel_max = input.u16()?;
        let frame_max = input.u32()?;
        let heartbeat = input.u16()?;
        Ok(Self { channel_max, frame_max, heartbeat })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.channel_max);
        out.put_u32(self.frame_max);
        out.put_u16(self.heartbeat);
    }
}

impl Arguments for TuneOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 31,
        name: "connection.tune-ok",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel_max = input.u16()?;
        let frame_max = input.u32()?;
        let heartbeat = input.u16()?;
        Ok(Self { channel_max, frame_max, heartbeat })
    }
    fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.channel_max);
        out.put_u32(self.frame_max);
        out.put_u16(self.heartbeat);
    }
}

impl Arguments for Open {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 40,
        name: "connection.open",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let virtual_host = input.short_str()?;
        input.short_str()?;
        input.u8()?;
        Ok(Self { virtual_host })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_short_str(out, &self.virtual_host);
        put_short_str(out, &ShortStr::EMPTY);
        out.put_u8(0);
    }
}

impl Arguments for OpenOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 41,
        name: "connection.open-ok",
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

impl Arguments for Close {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 50,
        name: "connection.close",
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
        class_id: 10,
        method_id: 51,
        name: "connection.close-ok",
        sender: Sender::Both,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for Blocked {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 60,
        name: "connection.blocked",
        sender: Sender::Server,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let reason = input.short_str()?;
        Ok(Self { reason })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_short_str(out, &self.reason);
    }
}

impl Arguments for Unblocked {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 61,
        name: "connection.unblocked",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}

impl Arguments for UpdateSecret {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 70,
        name: "connection.update-secret",
        sender: Sender::Client,
        has_content: false,
    };
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let new_secret = input.secret()?;
        let reason = input.short_str()?;
        Ok(Self { new_secret, reason })
    }
    fn encode(&self, out: &mut BytesMut) {
        put_long_str(out, self.new_secret.as_bytes());
        put_short_str(out, &self.reason);
    }
}

impl Arguments for UpdateSecretOk {
    const DESCRIPTOR: Descriptor = Descriptor {
        class_id: 10,
        method_id: 71,
        name: "connection.update-secret-ok",
        sender: Sender::Server,
        has_content: false,
    };
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
    fn encode(&self, _: &mut BytesMut) {}
}
