//! Reply codes, and the errors that close a channel or a connection.

use alloc::string::{String, ToString as _};
use core::fmt;

use crate::{generated::method_enum::Method, short_str::ShortStr};

/// Why something was closed, returned or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReplyCode {
    /// Nothing went wrong.
    Success = 200,
    /// The content is larger than can be taken now.
    ContentTooLarge = 311,
    /// No queue takes the message.
    NoRoute = 312,
    /// No consumer takes the message at once.
    NoConsumers = 313,
    /// An operator closed the connection.
    ConnectionForced = 320,
    /// The virtual host is unknown.
    InvalidPath = 402,
    /// It is not permitted.
    AccessRefused = 403,
    /// It does not exist.
    NotFound = 404,
    /// Another connection has it for itself.
    ResourceLocked = 405,
    /// A condition of the method does not hold.
    PreconditionFailed = 406,
    /// A frame cannot be read.
    FrameError = 501,
    /// A frame holds an illegal value.
    SyntaxError = 502,
    /// A method came at the wrong time.
    CommandInvalid = 503,
    /// A channel is not open, or open already.
    ChannelError = 504,
    /// A frame came at the wrong time.
    UnexpectedFrame = 505,
    /// A resource is used up.
    ResourceError = 506,
    /// It is forbidden to all.
    NotAllowed = 530,
    /// It is not implemented.
    NotImplemented = 540,
    /// The server made a mistake.
    InternalError = 541,
}

impl ReplyCode {
    /// The number on the wire.
    pub const fn as_u16(self) -> u16 {
        self as u16
    }

    /// The name as clients see it in reply texts: `PRECONDITION_FAILED`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "REPLY_SUCCESS",
            Self::ContentTooLarge => "CONTENT_TOO_LARGE",
            Self::NoRoute => "NO_ROUTE",
            Self::NoConsumers => "NO_CONSUMERS",
            Self::ConnectionForced => "CONNECTION_FORCED",
            Self::InvalidPath => "INVALID_PATH",
            Self::AccessRefused => "ACCESS_REFUSED",
            Self::NotFound => "NOT_FOUND",
            Self::ResourceLocked => "RESOURCE_LOCKED",
            Self::PreconditionFailed => "PRECONDITION_FAILED",
            Self::FrameError => "FRAME_ERROR",
            Self::SyntaxError => "SYNTAX_ERROR",
            Self::CommandInvalid => "COMMAND_INVALID",
            Self::ChannelError => "CHANNEL_ERROR",
            Self::UnexpectedFrame => "UNEXPECTED_FRAME",
            Self::ResourceError => "RESOURCE_ERROR",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::NotImplemented => "NOT_IMPLEMENTED",
            Self::InternalError => "INTERNAL_ERROR",
        }
    }

    /// Whether the specification closes the whole connection for it.
    pub const fn closes_connection(self) -> bool {
        match self {
            Self::ConnectionForced
            | Self::InvalidPath
            | Self::FrameError
            | Self::SyntaxError
            | Self::CommandInvalid
            | Self::ChannelError
            | Self::UnexpectedFrame
            | Self::ResourceError
            | Self::NotAllowed
            | Self::NotImplemented
            | Self::InternalError => true,
            Self::Success
            | Self::ContentTooLarge
            | Self::NoRoute
            | Self::NoConsumers
            | Self::AccessRefused
            | Self::NotFound
            | Self::ResourceLocked
            | Self::PreconditionFailed => false,
        }
    }
}

/// What a text ends in that was cut.
const CUT_MARK: &str = "...";

/// What a channel or a connection is closed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmqpError {
    /// The reply code.
    pub code: ReplyCode,
    /// What went wrong, without the code's name before it.
    pub text: String,
    /// The class of the method that failed, or 0.
    pub class_id: u16,
    /// The method that failed, or 0.
    pub method_id: u16,
}

impl AmqpError {
    /// An error that no method is to blame for.
    pub fn new(code: ReplyCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), class_id: 0, method_id: 0 }
    }

    /// The same error, with the method that failed.
    #[must_use]
    pub const fn blaming(mut self, method: &Method) -> Self {
        self.class_id = method.class_id();
        self.method_id = method.method_id();
        self
    }

    /// The text on the wire: `NOT_FOUND - no queue 'q' in vhost '/'`.
    ///
    /// What is longer than 255 bytes ends in `...`. A success carries its text alone.
    pub fn reply_text(&self) -> ShortStr {
        let mut text = self.to_string();
        if text.len() > ShortStr::MAX_BYTES {
            text.truncate(text.floor_char_boundary(ShortStr::MAX_BYTES - CUT_MARK.len()));
            text.push_str(CUT_MARK);
        }
        ShortStr::truncated(&text)
    }
}

impl fmt::Display for AmqpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code == ReplyCode::Success {
            return f.write_str(&self.text);
        }
        write!(f, "{} - {}", self.code.name(), self.text)
    }
}

impl core::error::Error for AmqpError {}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_reply_text_names_its_code_and_is_cut_at_a_short_strings_end() {
        let error = AmqpError::new(ReplyCode::NotFound, "no queue 'q' in vhost '/'");
        assert_eq!(error.reply_text(), "NOT_FOUND - no queue 'q' in vhost '/'");
        let error = AmqpError::new(ReplyCode::NotFound, "ü".repeat(200));
        let text = error.reply_text();
        assert_eq!(text.to_str(), Ok(format!("NOT_FOUND - {}...", "ü".repeat(120)).as_str()));
        let error = AmqpError::new(ReplyCode::NotFound, "x".repeat(255 - "NOT_FOUND - ".len()));
        assert!(error.reply_text().ends_with(b"x"), "255 bytes are not cut");
    }
}
