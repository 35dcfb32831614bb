//! What a session allows, and what both sides settle on.

use alloc::format;
use core::time::Duration;

use crate::{
    generated::connection,
    reply::{AmqpError, ReplyCode},
};

/// AMQP 0-9-1, 4.2.3: every peer takes frames of this length.
pub(super) const FRAME_MIN: u32 = 4096;

/// No message may announce more, whatever is configured.
pub(super) const MESSAGE_BYTES_HARD_MAX: u64 = 512 * 1024 * 1024;

/// What one side allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest frame, at least 4,096 bytes.
    pub frame_max: u32,
    /// The longest frame before the peer has logged in.
    pub frame_max_before_login: u32,
    /// The most channels; 0 is 65,535.
    pub channel_max: u16,
    /// The heartbeat interval in seconds that is proposed; 0 is none.
    pub heartbeat_secs: u16,
    /// The longest body of a message; beyond 512 MiB there is none.
    pub message_bytes_max: u64,
    /// How long the peer may take until the connection is open.
    pub handshake_timeout: Duration,
    /// How long the peer may take to answer that the connection closes.
    pub close_timeout: Duration,
    /// Whether the owner is asked before the peer's channels are open.
    pub channel_opens: ChannelOpens,
}

/// Who says that a channel may be opened by the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelOpens {
    /// The session, if there is room below `channel_max`.
    #[default]
    Accepted,
    /// The owner, too: [`Event::ChannelOpened`](crate::Event::ChannelOpened) is answered with
    /// [`Session::accept_channel`](crate::Session::accept_channel) or by closing the connection.
    Asked,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_max: 128 * 1024,
            frame_max_before_login: 8192,
            channel_max: 2047,
            heartbeat_secs: 60,
            message_bytes_max: 128 * 1024 * 1024,
            handshake_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(10),
            channel_opens: ChannelOpens::Accepted,
        }
    }
}

/// What both sides settled on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Negotiated {
    /// The longest frame either side sends.
    pub frame_max: u32,
    /// The highest channel number and the most channels.
    pub channel_max: u16,
    /// The heartbeat interval in seconds; 0 is none.
    pub heartbeat_secs: u16,
}

impl Limits {
    pub(super) fn tune(&self) -> connection::Tune {
        connection::Tune {
            channel_max: self.channel_max,
            frame_max: self.frame_max.max(FRAME_MIN),
            heartbeat: self.heartbeat_secs,
        }
    }

    /// What a server takes from a client's answer.
    pub(super) fn settle(&self, tune_ok: connection::TuneOk) -> Result<Negotiated, AmqpError> {
        let offer = self.tune();
        let frame = Range { field: "frame_max", min: FRAME_MIN, max: offer.frame_max };
        frame.check(tune_ok.frame_max)?;
        let channel = Range { field: "channel_max", min: 1, max: offer.channel_max.into() };
        channel.check(tune_ok.channel_max.into())?;
        Ok(Negotiated {
            frame_max: tune_ok.frame_max,
            channel_max: or_most(tune_ok.channel_max),
            heartbeat_secs: tune_ok.heartbeat,
        })
    }

    /// What a client answers to a server's offer.
    pub(super) fn answer(&self, offer: connection::Tune) -> Result<Negotiated, AmqpError> {
        if (1..FRAME_MIN).contains(&offer.frame_max) {
            let frame = Range { field: "frame_max", min: FRAME_MIN, max: 0 };
            frame.check(offer.frame_max)?;
        }
        let own = self.tune();
        let heartbeat_secs = match (own.heartbeat, offer.heartbeat) {
            (own, 0) => own,
            (own, offered) => own.min(offered),
        };
        let frame_max = match offer.frame_max {
            0 => own.frame_max,
            offered => offered.min(own.frame_max),
        };
        let channel_max = or_most(own.channel_max).min(or_most(offer.channel_max));
        Ok(Negotiated { frame_max, channel_max, heartbeat_secs })
    }
}

/// AMQP 0-9-1, connection.tune: a channel-max of zero is no limit but that of the number itself.
const fn or_most(channel_max: u16) -> u16 {
    if channel_max == 0 { u16::MAX } else { channel_max }
}

/// What a field of tune-ok may hold; a `max` of 0 is none.
struct Range {
    field: &'static str,
    min: u32,
    max: u32,
}

impl Range {
    fn check(&self, value: u32) -> Result<(), AmqpError> {
        if value != 0 && value < self.min {
            return Err(self.error(value, "lower than the minimum", self.min));
        }
        if self.max != 0 && (value == 0 || value > self.max) {
            return Err(self.error(value, "higher than the maximum", self.max));
        }
        Ok(())
    }

    fn error(&self, value: u32, how: &str, bound: u32) -> AmqpError {
        let is_unlimited = value == 0 && self.field == "channel_max";
        let detail = if is_unlimited { " (no limit)" } else { "" };
        let text =
            format!("negotiated {} = {value}{detail} is {how} allowed value ({bound})", self.field);
        AmqpError::new(ReplyCode::NotAllowed, text).blaming(&connection::Tune::default().into())
    }
}
