//! Frames: a kind, a channel, a length, a payload and an end octet.
//!
//! Knows nothing of what the payloads mean.

mod buffer;
mod delivery;

use crate::channel_number::ChannelNumber;

pub use self::{
    buffer::{Content, FrameBuffer, TooLarge},
    delivery::Delivery,
};

/// Octets before a frame's payload.
pub(crate) const HEADER_BYTES: usize = 7;

/// Octets around a frame's payload.
pub(crate) const OVERHEAD_BYTES: u32 = 8;

/// The last octet of every frame.
pub(crate) const END: u8 = 0xCE;

/// What a client says first, and what a server answers to anything it does not speak.
pub const PROTOCOL_HEADER: [u8; 8] = *b"AMQP\x00\x00\x09\x01";

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Method = 1,
    Header = 2,
    Body = 3,
    Heartbeat = 8,
}

impl FrameKind {
    pub(crate) const fn from_octet(octet: u8) -> Option<Self> {
        Some(match octet {
            1 => Self::Method,
            2 => Self::Header,
            3 => Self::Body,
            8 => Self::Heartbeat,
            _ => return None,
        })
    }
}

/// The first octets of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// As sent: it may be no kind at all.
    pub(crate) kind: u8,
    pub(crate) channel: ChannelNumber,
    pub(crate) payload_bytes: u32,
}

impl FrameHeader {
    /// Reads the header at the beginning of `bytes`, if it is whole.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let [kind, channel_high, channel_low, a, b, c, d] = *bytes.first_chunk::<HEADER_BYTES>()?;
        Some(Self {
            kind,
            channel: ChannelNumber::new(u16::from_be_bytes([channel_high, channel_low])),
            payload_bytes: u32::from_be_bytes([a, b, c, d]),
        })
    }

    /// The whole frame's length; `None` if this machine cannot count it.
    pub(crate) fn frame_len(self) -> Option<usize> {
        usize::try_from(self.payload_bytes).ok()?.checked_add(HEADER_BYTES + 1)
    }
}
