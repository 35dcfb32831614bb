//! Puts a message together from its method, its header and its body frames.
//!
//! Keeps true: a body never holds more than was announced, and what is set aside for it is
//! at most sixteen times what has come, and beyond 1 MiB at most twice.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::{
    channel_number::ChannelNumber,
    generated::method_enum::Method,
    properties::Properties,
    reader::Reader,
    session::{event::Event, fault::Fault, limits::MESSAGE_BYTES_HARD_MAX},
};

/// Up to here a body's room grows in large steps, so that most bodies grow but once.
const ROOM_BYTES_AT_ONCE: u64 = 1024 * 1024;

/// A message may bring so many body frames with nothing in them; more are only meant to cost us time.
const EMPTY_FRAMES_MAX: u16 = 1_000;

/// A message on its way in.
#[derive(Debug)]
pub(super) struct Assembly {
    stage: Stage,
    /// Of meaning in all stages but the first.
    method: Method,
    properties: Properties,
    body_bytes: u64,
    body: Vec<u8>,
    /// Body frames of this message that brought nothing.
    empty_frames: u16,
}

/// What of a message comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Its method.
    Method,
    /// Its header.
    Header,
    /// Its body.
    Body,
}

/// What a frame is to the message that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentLimits {
    pub(super) channel: ChannelNumber,
    pub(super) message_bytes_max: u64,
    pub(super) headers: HeaderTables,
}

/// Which tables of headers a message may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderTables {
    /// Those that can be read: a message that is published with another never gets in.
    Sound,
    /// All: a message that another broker has let in would be delivered again and again, and
    /// must not end the connection each time.
    Any,
}

impl Default for Assembly {
    fn default() -> Self {
        Self {
            stage: Stage::Method,
            method: Method::PLACEHOLDER,
            properties: Properties::EMPTY,
            body_bytes: 0,
            body: Vec::new(),
            empty_frames: 0,
        }
    }
}

impl Assembly {
    /// The class and method that a fault is blamed on.
    pub(super) const fn blamed(&self) -> (u16, u16) {
        match self.stage {
            Stage::Method => (0, 0),
            Stage::Header | Stage::Body => (self.method.class_id(), self.method.method_id()),
        }
    }

    /// A method may come only between messages.
    pub(super) fn expect_method(&self) -> Result<(), Fault> {
        if self.stage == Stage::Method { Ok(()) } else { Err(self.misplaced()) }
    }

    /// The fault of a frame that is not what comes next.
    fn misplaced(&self) -> Fault {
        let ids = self.blamed();
        let fault = match self.stage {
            Stage::Method => Fault::not_a_method(),
            Stage::Header => Fault::not_a_header(ids.0),
            Stage::Body => Fault::not_a_body(),
        };
        fault.blaming(ids)
    }

    /// A method that has content begins; it is to be read to the place given.
    pub(super) const fn begin(&mut self) -> &mut Method {
        self.stage = Stage::Header;
        &mut self.method
    }

    pub(super) fn read_header(
        &mut self,
        payload: &mut Reader<'_>,
        limits: ContentLimits,
        out: &mut Option<Event>,
    ) -> Result<(), Fault> {
        if self.stage != Stage::Header {
            return Err(self.misplaced());
        }
        self.try_read_header(payload, limits).map_err(|fault| fault.blaming(self.blamed()))?;
        if self.body_bytes == 0 {
            self.finish(limits.channel, Bytes::new(), out);
        }
        Ok(())
    }

    fn try_read_header(
        &mut self,
        payload: &mut Reader<'_>,
        limits: ContentLimits,
    ) -> Result<(), Fault> {
        self.body_bytes = check_header(payload, self.blamed().0, limits)?;
        let properties = match limits.headers {
            HeaderTables::Sound => Properties::read(payload),
            HeaderTables::Any => Properties::read_with_any_headers(payload),
        };
        self.properties = properties.map_err(Fault::undecodable)?;
        self.stage = Stage::Body;
        Ok(())
    }

    pub(super) fn read_body(
        &mut self,
        payload: &Reader<'_>,
        channel: ChannelNumber,
        out: &mut Option<Event>,
    ) -> Result<(), Fault> {
        if self.stage != Stage::Body {
            return Err(self.misplaced());
        }
        let come = (self.body.len() + payload.len()) as u64;
        if come > self.body_bytes {
            return Err(Fault::body_beyond_size().blaming(self.blamed()));
        }
        if payload.len() == 0 {
            self.empty_frames += 1;
            if self.empty_frames > EMPTY_FRAMES_MAX {
                return Err(Fault::empty_body_frames(EMPTY_FRAMES_MAX).blaming(self.blamed()));
            }
            return Ok(());
        }
        // A body of one frame is never copied.
        if come == self.body_bytes && self.body.is_empty() {
            self.finish(channel, payload.shared_rest(), out);
            return Ok(());
        }
        self.append(payload.rest());
        if come == self.body_bytes {
            let body = Bytes::from(core::mem::take(&mut self.body));
            self.finish(channel, body, out);
        }
        Ok(())
    }

    fn append(&mut self, payload: &[u8]) {
        let come = self.body.len() + payload.len();
        if come > self.body.capacity() {
            let have = come as u64;
            let room = (have * 16).min(ROOM_BYTES_AT_ONCE).max(have * 2).min(self.body_bytes);
            let room = usize::try_from(room).unwrap_or(come);
            self.body.reserve_exact(room.max(come) - self.body.len());
        }
        self.body.extend_from_slice(payload);
    }

    fn finish(&mut self, channel: ChannelNumber, body: Bytes, out: &mut Option<Event>) {
        self.stage = Stage::Method;
        self.empty_frames = 0;
        let (method, properties) = (Method::PLACEHOLDER, Properties::EMPTY);
        let event = out.insert(Event::Content { channel, method, properties, body });
        // Swapped in place: moving a method by way of the stack costs as much as reading it.
        if let Event::Content { method, properties, .. } = event {
            core::mem::swap(method, &mut self.method);
            core::mem::swap(properties, &mut self.properties);
        }
    }
}

/// The announced size of the body; `payload` stands before the properties then.
fn check_header(
    payload: &mut Reader<'_>,
    class_id: u16,
    limits: ContentLimits,
) -> Result<u64, Fault> {
    let found = payload.u16().map_err(Fault::undecodable)?;
    if found != class_id {
        return Err(Fault::header_of_class(class_id, found));
    }
    let weight = payload.u16().map_err(Fault::undecodable)?;
    if weight != 0 {
        return Err(Fault::header_weight(weight));
    }
    let body_bytes = payload.u64().map_err(Fault::undecodable)?;
    if body_bytes > MESSAGE_BYTES_HARD_MAX {
        return Err(Fault::body_size_absurd(body_bytes, MESSAGE_BYTES_HARD_MAX));
    }
    if body_bytes > limits.message_bytes_max {
        return Err(Fault::message_too_large(limits.channel, body_bytes, limits.message_bytes_max));
    }
    Ok(body_bytes)
}
