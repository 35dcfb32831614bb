//! Cuts what arrives into frames.
//!
//! Takes whole frames only: a partial one stays with the caller, who reads more behind it.
//! Keeps true: nothing is set aside for a length that a peer merely announces.

use bytes::{Buf as _, Bytes, BytesMut};

use crate::{
    channel_number::ChannelNumber,
    frame::{self, FrameHeader, FrameKind, OVERHEAD_BYTES},
    reader::Reader,
    session::{dialect::Dialect, fault::Fault},
};

/// Frames up to this length are copied where a long one follows that is not whole yet: a method
/// and a header that wait for their body would keep the room that the body is read into.
const COPIED_BYTES_MAX: usize = 1024;

/// A frame from this length on is long.
const LONG_FRAME_BYTES: u32 = 16 * 1024;

/// Frames that were received and not yet looked at.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// Whole frames.
    frames: Bytes,
    /// How much of them has been handed out.
    at: usize,
    /// The beginning of a frame that is not whole yet.
    partial: Option<FrameHeader>,
    /// Whether nothing is read any more.
    is_cut: bool,
}

/// A frame whose surroundings are right.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) kind: FrameKind,
    pub(super) channel: ChannelNumber,
    pub(super) payload: Reader<'a>,
}

impl Frame<'_> {
    /// The class and method at the beginning of a method frame.
    pub(super) fn method_ids(&self) -> Result<(u16, u16), Fault> {
        let Some(&[a, b, c, d]) = self.payload.rest().first_chunk() else {
            return Err(Fault::unknown_frame(self.kind as u8));
        };
        Ok((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
    }
}

impl Input {
    /// Takes all whole frames from the beginning of `buffer`.
    pub(super) fn take(&mut self, buffer: &mut BytesMut, dialect: Dialect) {
        let mut whole = 0;
        self.partial = None;
        while let Some(rest) = buffer.get(whole..)
            && let Some(header) = FrameHeader::read(rest)
        {
            match header.frame_len() {
                Some(len) if len <= rest.len() => whole += len,
                _ => {
                    self.partial = Some(header);
                    break;
                }
            }
        }
        if whole > 0 {
            let taken = dialect.translate_in(self.cut_off(buffer, whole));
            self.frames = match self.frames.get(self.at..) {
                None | Some([]) => taken,
                Some(older) => Bytes::from([older, &*taken].concat()),
            };
            self.at = 0;
        }
    }

    /// The first bytes of the buffer, as its own or as a copy.
    fn cut_off(&self, buffer: &mut BytesMut, whole: usize) -> Bytes {
        let is_long = |frame: FrameHeader| frame.payload_bytes >= LONG_FRAME_BYTES;
        match buffer.get(..whole) {
            Some(short) if whole <= COPIED_BYTES_MAX && self.partial.is_some_and(is_long) => {
                let copy = Bytes::copy_from_slice(short);
                buffer.advance(whole);
                copy
            }
            Some(_) | None => buffer.split_to(whole).freeze(),
        }
    }

    /// The frames themselves, to look at while this stands apart; to be given back.
    pub(super) fn lend(&mut self) -> Bytes {
        core::mem::take(&mut self.frames)
    }

    /// Takes back what was lent, or lets go of it if all has been looked at.
    pub(super) fn give_back(&mut self, frames: Bytes) {
        if self.at >= frames.len() || self.is_cut {
            self.at = 0;
        } else {
            self.frames = frames;
        }
    }

    /// Forgets all frames; no more are read.
    pub(super) fn cut(&mut self) {
        self.frames = Bytes::new();
        self.partial = None;
        self.is_cut = true;
    }

    /// The next of the lent frames; `frame_max` is the longest that is taken.
    pub(super) fn next<'a>(
        &mut self,
        frames: &'a Bytes,
        frame_max: u32,
    ) -> Result<Option<Frame<'a>>, Fault> {
        let Some(header) = frames.get(self.at..).and_then(FrameHeader::read) else {
            if let Some(header) = self.partial {
                check_len(header, frame_max)?;
            }
            return Ok(None);
        };
        check_len(header, frame_max)?;
        let start = self.at + frame::HEADER_BYTES;
        let stop = start + header.payload_bytes as usize;
        let end = frames.get(stop).copied().unwrap_or_default();
        if end != frame::END {
            return Err(Fault::frame_end(header.kind, end));
        }
        self.at = stop + 1;
        let kind =
            FrameKind::from_octet(header.kind).ok_or_else(|| Fault::unknown_frame(header.kind))?;
        let payload = Reader::part(frames, start, stop);
        Ok(Some(Frame { kind, channel: header.channel, payload }))
    }
}

/// A frame may be longer than the limit by its own header and end, as in `RabbitMQ`.
fn check_len(header: FrameHeader, frame_max: u32) -> Result<(), Fault> {
    if header.payload_bytes > frame_max {
        let max = frame_max.saturating_sub(OVERHEAD_BYTES);
        return Err(Fault::frame_too_large(header.kind, header.payload_bytes, max));
    }
    Ok(())
}
