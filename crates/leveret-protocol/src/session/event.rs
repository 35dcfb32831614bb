//! What a session tells its owner.

use alloc::string::String;

use bytes::Bytes;

use crate::{
    channel_number::ChannelNumber, field::FieldTable, generated::method_enum::Method,
    properties::Properties, reply::AmqpError, secret::Secret, session::limits::Negotiated,
    short_str::ShortStr,
};

/// Something the owner of a session must know or answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A client logs in: answer with `accept_login`, `refuse_login` or `challenge`.
    ///
    /// Nothing more is read until then.
    Login {
        /// The login mechanism.
        mechanism: ShortStr,
        /// The mechanism's answer.
        response: Secret,
        /// What the client says of itself.
        client_properties: FieldTable,
    },
    /// A client answers a challenge: answer as to [`Event::Login`].
    LoginContinued {
        /// The mechanism's answer.
        response: Secret,
    },
    /// A server asks for another round: answer with `answer_challenge`.
    Challenged {
        /// What the mechanism asks.
        challenge: Bytes,
    },
    /// A client opens a virtual host: answer with `accept_open` or `close`.
    ///
    /// Nothing more is read until then.
    Open {
        /// The virtual host.
        virtual_host: ShortStr,
    },
    /// The server has opened the virtual host: the connection is ready.
    Opened {
        /// What the server says of itself.
        server_properties: FieldTable,
        /// What both sides settled on.
        negotiated: Negotiated,
    },
    /// A channel is open: the peer opened it, or it answered ours. The peer was told so, unless
    /// the limits have the owner asked: answer with `accept_channel` or `close` then.
    ChannelOpened {
        /// The channel.
        channel: ChannelNumber,
    },
    /// The peer closes a channel: answer with `finish_channel_close`.
    ChannelClosing {
        /// The channel.
        channel: ChannelNumber,
        /// Why.
        reason: CloseReason,
    },
    /// The session itself closes a channel, on which the peer did wrong.
    ///
    /// A [`Event::ChannelClosed`] follows when the peer has answered.
    ChannelFailed {
        /// The channel.
        channel: ChannelNumber,
        /// What the peer was told.
        error: AmqpError,
    },
    /// The peer has answered our closing of a channel; its number is free.
    ChannelClosed {
        /// The channel.
        channel: ChannelNumber,
    },
    /// A method without content on an open channel.
    Method {
        /// The channel.
        channel: ChannelNumber,
        /// The method.
        method: Method,
    },
    /// A method with its whole content.
    Content {
        /// The channel.
        channel: ChannelNumber,
        /// Publish, deliver, return or get-ok.
        method: Method,
        /// The message's properties.
        properties: Properties,
        /// The message's body.
        body: Bytes,
    },
    /// The server takes no publishes for a while.
    Blocked {
        /// Why.
        reason: ShortStr,
    },
    /// The server takes publishes again.
    Unblocked,
    /// The client replaces its credential: answer with `finish_update_secret` or `close`.
    SecretUpdating {
        /// The new credential.
        new_secret: Secret,
        /// Why.
        reason: ShortStr,
    },
    /// The server uses the new credential.
    SecretUpdated,
    /// The peer closes the connection: answer with `finish_close`. What it sends on is ignored.
    Closing {
        /// Why.
        reason: CloseReason,
    },
    /// The conversation went wrong; [`Event::Closed`] follows, at once or when the peer has answered.
    Failed(Failure),
    /// The last event: write what is left, then close the socket.
    Closed,
}

/// Why a peer closes a channel or the connection, as it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReason {
    /// The reply code; a peer may send any number.
    pub code: u16,
    /// The reply text.
    pub text: ShortStr,
    /// The class of the method that failed, or 0.
    pub class_id: u16,
    /// The method that failed, or 0.
    pub method_id: u16,
}

/// Why a conversation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The peer broke the protocol; it was told so if it could still hear.
    #[error("peer broke the protocol: {0}")]
    Protocol(AmqpError),
    /// The peer does not begin with a protocol header that is spoken here.
    #[error("peer began with {received:02x?}, which is no protocol spoken here")]
    ProtocolHeader {
        /// The first bytes it sent, zero where it sent fewer.
        received: [u8; 8],
    },
    /// The server answered with the protocol header it wants.
    #[error("server speaks only {wanted:02x?}")]
    VersionRefused {
        /// The header it wants.
        wanted: [u8; 8],
    },
    /// The server offers none of the login mechanisms.
    #[error("server offers the login mechanisms `{offered}`, wanted one of `{wanted}`")]
    MechanismNotOffered {
        /// What the server offers, separated by spaces.
        offered: String,
        /// What the client would take.
        wanted: String,
    },
    /// The connection did not open in time.
    #[error("connection did not open in time")]
    HandshakeTimeout,
    /// The peer was silent for two heartbeat intervals.
    #[error("peer was silent for two heartbeat intervals")]
    HeartbeatMissed,
    /// The peer did not answer in time that the connection closes.
    #[error("peer did not answer the close in time")]
    CloseTimeout,
}

/// Why something was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is not open yet, or no longer.
    #[error("connection is not open")]
    NotOpen,
    /// The channel is not open yet, or no longer.
    #[error("channel {channel} is not open")]
    ChannelNotOpen {
        /// The channel.
        channel: ChannelNumber,
    },
    /// The channel is in use.
    #[error("channel {channel} is in use")]
    ChannelInUse {
        /// The channel.
        channel: ChannelNumber,
    },
    /// The channel's number is 0 or above the limit.
    #[error("channel {channel} is not within 1 and {max}")]
    ChannelOutOfRange {
        /// The channel.
        channel: ChannelNumber,
        /// The highest number.
        max: u16,
    },
    /// The session itself sends this method, or only the other side does.
    #[error("{name} is not for this side to send")]
    NotSendable {
        /// The method.
        name: &'static str,
    },
    /// A method or a content header does not fit one frame.
    #[error("{0}")]
    TooLarge(#[from] crate::frame::TooLarge),
}
