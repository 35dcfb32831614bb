//! Where a connection stands between its first and its last byte.

use crate::timestamp::Timestamp;

/// Which side this is; it matters only for the handshake and for who may send what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not open yet.
    Handshake(Step),
    /// Open.
    Running,
    /// We asked to close: what comes is discarded until the answer.
    Closing {
        /// When the peer has had long enough.
        until: Timestamp,
    },
    /// The peer asked to close: what comes is ignored until we answer.
    PeerClosing,
    /// Nothing more is read.
    Closed,
}

/// What the handshake waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    // As a server.
    ProtocolHeader,
    StartOk,
    LoginAnswer,
    SecureOk,
    TuneOk,
    Open,
    OpenAnswer,
    // As a client.
    Start,
    SecureOrTune,
    ChallengeAnswer,
    OpenOk,
}

impl Step {
    /// Whether the peer has logged in.
    pub(super) const fn is_logged_in(self) -> bool {
        match self {
            Self::TuneOk | Self::Open | Self::OpenAnswer | Self::OpenOk => true,
            Self::ProtocolHeader
            | Self::StartOk
            | Self::LoginAnswer
            | Self::SecureOk
            | Self::Start
            | Self::SecureOrTune
            | Self::ChallengeAnswer => false,
        }
    }

    /// Whether it is this side's turn, so that nothing is read.
    pub(super) const fn waits_for_owner(self) -> bool {
        match self {
            Self::LoginAnswer | Self::OpenAnswer | Self::ChallengeAnswer => true,
            Self::ProtocolHeader
            | Self::StartOk
            | Self::SecureOk
            | Self::TuneOk
            | Self::Open
            | Self::Start
            | Self::SecureOrTune
            | Self::OpenOk => false,
        }
    }

    /// The name that a peer is told.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ProtocolHeader => "handshake",
            Self::StartOk | Self::LoginAnswer | Self::Start => "starting",
            Self::SecureOk | Self::SecureOrTune | Self::ChallengeAnswer => "securing",
            Self::TuneOk => "tuning",
            Self::Open | Self::OpenAnswer | Self::OpenOk => "opening",
        }
    }
}
