//! Frames on their way out, in order.
//!
//! Small ones are written one after another into one growing buffer; a large body is kept as
//! the shared bytes it came in, between two pieces of that buffer.

use alloc::collections::VecDeque;

use bytes::{Buf, BufMut as _, Bytes, BytesMut};

use super::{Delivery, END, FrameKind, HEADER_BYTES, OVERHEAD_BYTES};
use crate::{
    channel_number::ChannelNumber, generated::method_enum::Method, properties::Properties,
};

/// Bodies from this length on are not copied.
const SHARED_BODY_BYTES_MIN: usize = 16 * 1024;

/// A buffer that grew beyond this is let go of once it is empty: a burst is not paid for ever.
const KEPT_ROOM_BYTES: usize = 64 * 1024;

/// How much room a buffer takes at once.
const ROOM_BYTES: usize = 4 * 1024;

/// Encoded frames that wait to be written; it reads as [`Buf`], from front to back.
#[derive(Debug, Default)]
pub struct FrameBuffer {
    /// Finished pieces; none is empty.
    segments: VecDeque<Bytes>,
    segments_bytes: usize,
    tail: BytesMut,
    /// How much was read off the tail since it was last empty.
    tail_read: usize,
}

/// A method or a content header does not fit one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("frame of {bytes} bytes, the peer takes {max}")]
pub struct TooLarge {
    /// The frame's length.
    pub bytes: usize,
    /// The longest frame that may be sent.
    pub max: u32,
}

impl FrameBuffer {
    /// A buffer without room yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.segments_bytes + self.tail.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.tail.is_empty()
    }

    /// The waiting bytes, piece by piece, for a vectored write.
    pub fn segments(&self) -> impl Iterator<Item = &[u8]> {
        let tail = (!self.tail.is_empty()).then_some(&*self.tail);
        self.segments.iter().map(|segment| &**segment).chain(tail)
    }

    /// Appends bytes that are no frame: a protocol header.
    pub fn push_raw(&mut self, bytes: &[u8]) {
        self.tail.put_slice(bytes);
    }

    /// Appends a heartbeat.
    pub fn push_heartbeat(&mut self) {
        self.tail.put_slice(&[FrameKind::Heartbeat as u8, 0, 0, 0, 0, 0, 0, END]);
    }

    /// Appends a method without content.
    ///
    /// `frame_max` is the longest frame the peer takes. Nothing is appended on an error.
    pub fn push_method(
        &mut self,
        channel: ChannelNumber,
        method: &Method,
        frame_max: u32,
    ) -> Result<(), TooLarge> {
        let start = self.begin(FrameKind::Method, channel);
        method.encode(&mut self.tail);
        self.finish(start, frame_max)
    }

    /// Appends a method with its content, split into frames the peer takes.
    ///
    /// Nothing is appended on an error.
    pub fn push_content(
        &mut self,
        channel: ChannelNumber,
        content: Content<'_>,
        frame_max: u32,
    ) -> Result<(), TooLarge> {
        let Content { method, properties, body } = content;
        let start = self.begin(FrameKind::Method, channel);
        method.encode(&mut self.tail);
        self.finish(start, frame_max)?;
        let header = (method.class_id(), body.len(), properties);
        self.push_header((channel, start), header, frame_max)?;
        self.push_body(channel, &body, payload_max(frame_max));
        Ok(())
    }

    /// Appends a delivery, as [`push_content`](Self::push_content) does.
    pub fn push_delivery(
        &mut self,
        channel: ChannelNumber,
        delivery: Delivery<'_>,
        frame_max: u32,
    ) -> Result<(), TooLarge> {
        let start = self.begin(FrameKind::Method, channel);
        delivery.encode_method(&mut self.tail);
        self.finish(start, frame_max)?;
        let header = (Delivery::CLASS_ID, delivery.body.len(), delivery.properties);
        self.push_header((channel, start), header, frame_max)?;
        self.push_body(channel, delivery.body, payload_max(frame_max));
        Ok(())
    }

    /// Appends a content header; if it is too large, also the method that began at `start` goes.
    fn push_header(
        &mut self,
        (channel, start): (ChannelNumber, usize),
        (class_id, body_bytes, properties): (u16, usize, &Properties),
        frame_max: u32,
    ) -> Result<(), TooLarge> {
        let header = self.begin(FrameKind::Header, channel);
        self.tail.put_u16(class_id);
        self.tail.put_u16(0);
        self.tail.put_u64(body_bytes as u64);
        self.tail.put_slice(properties.as_bytes());
        self.finish(header, frame_max).inspect_err(|_| self.tail.truncate(start))
    }

    fn push_body(&mut self, channel: ChannelNumber, body: &Bytes, payload_max: usize) {
        let mut start = 0;
        while start < body.len() {
            let end = body.len().min(start + payload_max);
            self.put_header(FrameKind::Body, channel, end - start);
            if end - start < SHARED_BODY_BYTES_MIN {
                self.tail.put_slice(body.get(start..end).unwrap_or_default());
            } else {
                self.seal();
                self.segments_bytes += end - start;
                self.segments.push_back(body.slice(start..end));
            }
            self.tail.put_u8(END);
            start = end;
        }
    }

    /// Makes a finished piece of what is in the growing buffer.
    fn seal(&mut self) {
        let sealed = self.tail.split().freeze();
        self.segments_bytes += sealed.len();
        self.segments.push_back(sealed);
    }

    fn put_header(&mut self, kind: FrameKind, channel: ChannelNumber, payload: usize) {
        if self.tail.capacity() - self.tail.len() < ROOM_BYTES / 8 {
            self.tail.reserve(ROOM_BYTES);
        }
        // A body frame is no longer than the peer's frame limit, which is a long integer.
        let payload = u32::try_from(payload).unwrap_or(u32::MAX).to_be_bytes();
        let [high, low] = channel.as_u16().to_be_bytes();
        let [a, b, c, d] = payload;
        self.tail.put_slice(&[kind as u8, high, low, a, b, c, d]);
    }

    /// Starts a frame whose length is not known yet; says where it starts.
    fn begin(&mut self, kind: FrameKind, channel: ChannelNumber) -> usize {
        let start = self.tail.len();
        self.put_header(kind, channel, 0);
        start
    }

    fn finish(&mut self, start: usize, frame_max: u32) -> Result<(), TooLarge> {
        self.tail.put_u8(END);
        let bytes = self.tail.len() - start;
        let len = u32::try_from(bytes).unwrap_or(u32::MAX);
        if len > frame_max {
            self.tail.truncate(start);
            return Err(TooLarge { bytes, max: frame_max });
        }
        let place = self.tail.get_mut(start + 3..start + HEADER_BYTES);
        if let Some(place) = place {
            place.copy_from_slice(&(len - OVERHEAD_BYTES).to_be_bytes());
        }
        Ok(())
    }
}

/// A method with its content, to be sent.
#[derive(Debug, Clone)]
pub struct Content<'a> {
    /// A method that has content.
    pub method: &'a Method,
    /// The message's properties.
    pub properties: &'a Properties,
    /// The message's body.
    pub body: Bytes,
}

fn payload_max(frame_max: u32) -> usize {
    usize::try_from(frame_max.saturating_sub(OVERHEAD_BYTES).max(1)).unwrap_or(usize::MAX)
}

impl Buf for FrameBuffer {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        self.segments.front().map_or(&*self.tail, |segment| &**segment)
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(front) = self.segments.front_mut() {
            if count < front.len() {
                front.advance(count);
                self.segments_bytes -= count;
                return;
            }
            count -= front.len();
            self.segments_bytes -= front.len();
            self.segments.pop_front();
        }
        self.tail.advance(count);
        self.tail_read += count;
        if self.tail.is_empty() {
            if self.tail_read > KEPT_ROOM_BYTES {
                self.tail = BytesMut::new();
            }
            self.tail_read = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_does_not_keep_its_memory() {
        let mut frames = FrameBuffer::new();
        for _ in 0..10_000 {
            frames.push_heartbeat();
        }
        while frames.has_remaining() {
            frames.advance(1_000);
        }
        assert_eq!(frames.tail.capacity(), 0);
    }
}
