//! Puts a message together from its method, its header and its body frames.
//!
//! Keeps true: a body never holds more than was announced, and no more is set aside than
//! 1 MiB or twice what has come.

use alloc::vec::Vec;

use bytes::{Buf as _, Bytes};

use crate::{
    channel_number::ChannelNumber,
    generated::method_enum::Method,
    properties::Properties,
    session::{event::Event, fault::Fault, limits::MESSAGE_BYTES_HARD_MAX},
};

/// The most that is set aside for a body's first frame.
const FIRST_ROOM_BYTES: u64 = 1024 * 1024;

/// AMQP 0-9-1, 4.2.6.1: class, weight and body size come before the property flags.
const HEADER_BYTES_BEFORE_PROPERTIES: usize = 12;

/// A message on its way in.
#[derive(Debug, Default)]
pub(super) enum Assembly {
    /// None.
    #[default]
    Idle,
    /// Its header comes next.
    Header(Method),
    /// Its body comes next.
    Body(Message),
}

/// A message whose body is not whole.
#[derive(Debug)]
pub(super) struct Message {
    method: Method,
    properties: Properties,
    body_bytes: u64,
    body: Vec<u8>,
}

/// What a frame is to the message that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentLimits {
    pub(super) channel: ChannelNumber,
    pub(super) message_bytes_max: u64,
}

impl Assembly {
    /// The class and method that a fault is blamed on.
    pub(super) const fn blamed(&self) -> (u16, u16) {
        match self {
            Self::Idle => (0, 0),
            Self::Header(method) | Self::Body(Message { method, .. }) => {
                (method.class_id(), method.method_id())
            }
        }
    }

    /// A method may come only between messages.
    pub(super) fn expect_method(&self) -> Result<(), Fault> {
        match self {
            Self::Idle => Ok(()),
            Self::Header(method) => Err(Fault::not_a_header(method.class_id())),
            Self::Body(message) => Err(Fault::not_a_body(message.method.class_id())),
        }
    }

    pub(super) fn take_header(
        &mut self,
        payload: Bytes,
        limits: ContentLimits,
    ) -> Result<Option<Event>, Fault> {
        let Self::Header(method) = self else {
            return Err(match self {
                Self::Idle | Self::Header(_) => Fault::not_a_method(),
                Self::Body(message) => Fault::not_a_body(message.method.class_id()),
            });
        };
        let body_bytes = check_header(&payload, method.class_id(), limits)?;
        let properties = Properties::from_bytes(payload.slice(HEADER_BYTES_BEFORE_PROPERTIES..))
            .map_err(Fault::undecodable)?;
        let Self::Header(method) = core::mem::take(self) else { return Ok(None) };
        if body_bytes == 0 {
            let channel = limits.channel;
            return Ok(Some(Event::Content { channel, method, properties, body: Bytes::new() }));
        }
        *self = Self::Body(Message { method, properties, body_bytes, body: Vec::new() });
        Ok(None)
    }

    pub(super) fn take_body(
        &mut self,
        payload: Bytes,
        channel: ChannelNumber,
    ) -> Result<Option<Event>, Fault> {
        let Self::Body(message) = self else {
            return Err(match self {
                Self::Idle | Self::Body(_) => Fault::not_a_method(),
                Self::Header(method) => Fault::not_a_header(method.class_id()),
            });
        };
        let come = (message.body.len() + payload.len()) as u64;
        if come > message.body_bytes {
            return Err(Fault::body_beyond_size());
        }
        let is_whole = come == message.body_bytes;
        // A body of one frame is never copied.
        if !(is_whole && message.body.is_empty()) {
            message.append(&payload);
        }
        if !is_whole {
            return Ok(None);
        }
        let Self::Body(Message { method, properties, body, .. }) = core::mem::take(self) else {
            return Ok(None);
        };
        let body = if body.is_empty() { payload } else { Bytes::from(body) };
        Ok(Some(Event::Content { channel, method, properties, body }))
    }
}

impl Message {
    fn append(&mut self, payload: &[u8]) {
        let come = self.body.len() + payload.len();
        if come > self.body.capacity() {
            let room = FIRST_ROOM_BYTES.max(come as u64 * 2).min(self.body_bytes);
            let room = usize::try_from(room).unwrap_or(come);
            self.body.reserve_exact(room.max(come) - self.body.len());
        }
        self.body.extend_from_slice(payload);
    }
}

/// The announced size of the body.
fn check_header(payload: &Bytes, class_id: u16, limits: ContentLimits) -> Result<u64, Fault> {
    let mut input: &[u8] = payload;
    if input.len() < HEADER_BYTES_BEFORE_PROPERTIES {
        let missing = HEADER_BYTES_BEFORE_PROPERTIES - input.len();
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        return Err(Fault::undecodable(crate::decode_error::DecodeError::UnexpectedEnd {
            missing,
        }));
    }
    let found = input.get_u16();
    if found != class_id {
        return Err(Fault::header_of_class(class_id, found));
    }
    let weight = input.get_u16();
    if weight != 0 {
        return Err(Fault::header_weight(weight));
    }
    let body_bytes = input.get_u64();
    if body_bytes > MESSAGE_BYTES_HARD_MAX {
        return Err(Fault::body_size_absurd(body_bytes, MESSAGE_BYTES_HARD_MAX));
    }
    if body_bytes > limits.message_bytes_max {
        return Err(Fault::message_too_large(limits.channel, body_bytes, limits.message_bytes_max));
    }
    Ok(body_bytes)
}
