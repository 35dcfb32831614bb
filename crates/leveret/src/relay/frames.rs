//! Frames as they pass: cut out of the stream, not changed.

use bytes::{Buf as _, Bytes, BytesMut};

/// No frame of a test is longer; what says it is ends the connection.
const FRAME_BYTES_MAX: usize = 16 << 20;

/// What a client says first.
const GREETING_BYTES: usize = 8;

/// One whole frame.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// With everything around its payload.
    pub(super) bytes: Bytes,
    pub(super) kind: Kind,
    pub(super) channel: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Method,
    Header,
    Body,
    /// A heartbeat or the greeting: nobody here asks.
    Other,
}

/// The peer sends what is no frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoFrame;

impl Frame {
    /// Takes the first frame off the buffer, once it is whole.
    pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Self>, NoFrame> {
        let Some(&[kind, high, low, a, b, c, d]) = buffer.first_chunk::<7>() else {
            return Ok(None);
        };
        let is_greeting = buffer.starts_with(b"AMQP");
        let payload = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| NoFrame)?;
        let length = if is_greeting { GREETING_BYTES } else { payload.saturating_add(8) };
        if length > FRAME_BYTES_MAX {
            return Err(NoFrame);
        }
        if buffer.len() < length {
            return Ok(None);
        }
        let kind = match kind {
            1 => Kind::Method,
            2 => Kind::Header,
            3 => Kind::Body,
            _ => Kind::Other,
        };
        let channel = u16::from_be_bytes([high, low]);
        Ok(Some(Self { bytes: buffer.split_to(length).freeze(), kind, channel }))
    }

    /// What it carries.
    pub(super) fn payload(&self) -> Bytes {
        let mut payload = self.bytes.clone();
        payload.advance(payload.len().min(7));
        payload.truncate(payload.len().saturating_sub(1));
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_when_it_is_whole() {
        let mut buffer = BytesMut::from(&b"AMQP\x00\x00\x09\x01\x03\x00\x07\x00\x00\x00\x02h"[..]);
        assert_eq!(Frame::take(&mut buffer).unwrap().unwrap().bytes.len(), GREETING_BYTES);
        assert!(Frame::take(&mut buffer).unwrap().is_none());
        buffer.extend_from_slice(b"i\xce");
        let frame = Frame::take(&mut buffer).unwrap().unwrap();
        assert_eq!((frame.kind, frame.channel, &*frame.payload()), (Kind::Body, 7, &b"hi"[..]));
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_length_beyond_reason_is_no_frame() {
        let mut buffer = BytesMut::from(&b"\x01\x00\x01\xff\xff\xff\xff"[..]);
        assert_eq!(Frame::take(&mut buffer).unwrap_err(), NoFrame);
    }
}
