//! What a peer can do wrong, and the exact words it is told.

use alloc::{format, string::String};

use crate::{
    channel_number::ChannelNumber,
    decode_error::DecodeError,
    reply::{AmqpError, ReplyCode},
};

/// A mistake of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Closes the connection; the frames after it can still be read.
    Connection(AmqpError),
    /// Closes the connection at once: where the next frame begins is not known.
    Framing(AmqpError),
    /// Closes one channel.
    Channel(ChannelNumber, AmqpError),
}

/// A connection fault without a method to blame.
fn connection(code: ReplyCode, text: impl Into<String>) -> Fault {
    Fault::Connection(AmqpError::new(code, text))
}

impl Fault {
    /// The same fault, with the method that failed.
    pub(super) fn blaming(mut self, (class_id, method_id): (u16, u16)) -> Self {
        match &mut self {
            Self::Connection(error) | Self::Framing(error) | Self::Channel(_, error) => {
                error.class_id = class_id;
                error.method_id = method_id;
            }
        }
        self
    }

    pub(super) fn frame_end(kind: u8, found: u8) -> Self {
        let detail = format!("{{invalid_frame_end_marker,{found}}}");
        Self::Framing(AmqpError::new(ReplyCode::FrameError, frame_text(kind, &detail)))
    }

    pub(super) fn frame_too_large(kind: u8, payload_bytes: u32, max: u32) -> Self {
        let detail = format!("{{frame_too_large,{payload_bytes},{max}}}");
        Self::Framing(AmqpError::new(ReplyCode::FrameError, frame_text(kind, &detail)))
    }

    pub(super) fn unknown_frame(kind: u8) -> Self {
        connection(ReplyCode::FrameError, frame_text(kind, "unknown_frame"))
    }

    /// What could not be decoded is not repeated: it may hold secrets.
    pub(super) fn undecodable(error: DecodeError) -> Self {
        match error {
            DecodeError::UnexpectedEnd { .. } | DecodeError::TrailingBytes { .. } => {
                connection(ReplyCode::FrameError, format!("cannot decode <<...>>: {error}"))
            }
            DecodeError::UnknownFieldType { .. }
            | DecodeError::TooDeep { .. }
            | DecodeError::ReservedPropertyFlag { .. } => {
                connection(ReplyCode::SyntaxError, format!("cannot decode <<...>>: {error}"))
            }
            DecodeError::UnknownMethod { class_id, method_id } => {
                connection(ReplyCode::CommandInvalid, format!("{error}"))
                    .blaming((class_id, method_id))
            }
        }
    }

    pub(super) fn heartbeat_on_channel() -> Self {
        connection(ReplyCode::UnexpectedFrame, "heartbeat frame on a channel other than 0")
    }

    pub(super) fn not_a_method() -> Self {
        let text = "expected method frame, got non method frame instead";
        connection(ReplyCode::UnexpectedFrame, text)
    }

    pub(super) fn not_a_header(class_id: u16) -> Self {
        let text = format!(
            "expected content header for class {class_id}, got non content header frame instead"
        );
        connection(ReplyCode::UnexpectedFrame, text)
    }

    pub(super) fn header_of_class(expected: u16, found: u16) -> Self {
        let text = format!(
            "expected content header for class {expected}, got one for class {found} instead"
        );
        connection(ReplyCode::UnexpectedFrame, text)
    }

    pub(super) fn header_weight(weight: u16) -> Self {
        let text = format!("expected content header of weight 0, got weight {weight} instead");
        connection(ReplyCode::UnexpectedFrame, text)
    }

    pub(super) fn not_a_body() -> Self {
        let text = "expected content body, got non content body frame instead";
        connection(ReplyCode::UnexpectedFrame, text)
    }

    pub(super) fn body_beyond_size() -> Self {
        connection(ReplyCode::FrameError, "content body frame exceeds remaining content size")
    }

    pub(super) fn empty_body_frames(max: u16) -> Self {
        let text = format!("more than {max} empty content body frames for one message");
        connection(ReplyCode::FrameError, text)
    }

    pub(super) fn body_size_absurd(bytes: u64, max: u64) -> Self {
        let text = format!("content body size {bytes} exceeds the largest possible size {max}");
        connection(ReplyCode::FrameError, text)
    }

    pub(super) fn message_too_large(channel: ChannelNumber, bytes: u64, max: u64) -> Self {
        let text = format!("message size {bytes} is larger than configured max size {max}");
        Self::Channel(channel, AmqpError::new(ReplyCode::PreconditionFailed, text))
    }

    pub(super) fn channel_not_open() -> Self {
        connection(ReplyCode::ChannelError, "expected 'channel.open'")
    }

    pub(super) fn channel_open_twice() -> Self {
        connection(ReplyCode::ChannelError, "second 'channel.open' seen")
    }

    pub(super) fn channel_above_max(channel: ChannelNumber, max: u16) -> Self {
        let text = format!("channel {channel} is above the negotiated channel_max ({max})");
        connection(ReplyCode::ChannelError, text)
    }

    pub(super) fn too_many_channels(max: u16) -> Self {
        let text = format!(
            "number of channels opened ({max}) has reached the negotiated channel_max ({max})"
        );
        connection(ReplyCode::NotAllowed, text)
    }

    pub(super) fn unexpected_in_state(state: &str) -> Self {
        let text = format!("unexpected method in connection state {state}");
        connection(ReplyCode::ChannelError, text)
    }

    pub(super) fn unimplemented_method() -> Self {
        connection(ReplyCode::CommandInvalid, "unimplemented method")
    }

    pub(super) fn flow_inactive() -> Self {
        connection(ReplyCode::NotImplemented, "active=false")
    }
}

/// The frame's octets are not repeated: they may hold secrets.
fn frame_text(kind: u8, detail: &str) -> String {
    format!("type {kind}, all octets = <<...>>: {detail}")
}
