//! One line for each message: who it is and what became of it, not what it says.

use std::time::Duration;

use tracing::{Level, debug, enabled, info};

use crate::message::Message;

/// The target of the lines, for filters.
const TARGET: &str = "leveret::messages";

/// At which level each message that a handler was given is told of; at debug unless told otherwise.
///
/// The line has the handler, message-id, routing key, age, attempts, outcome and duration.
/// Payloads and headers are never logged. Failed attempts and dead letters have lines of their
/// own, at info and warn, in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageLog {
    /// Not at all.
    Off,
    /// At debug.
    #[default]
    Debug,
    /// At info.
    Info,
}

/// What became of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passage {
    pub(crate) attempts: u32,
    pub(crate) outcome: &'static str,
    pub(crate) duration: Duration,
    /// Seconds since the message's timestamp when it was received.
    pub(crate) age_secs: Option<u64>,
}

impl MessageLog {
    /// Whether anybody reads the lines.
    pub(crate) fn is_read(self) -> bool {
        match self {
            Self::Off => false,
            Self::Debug => enabled!(target: TARGET, Level::DEBUG),
            Self::Info => enabled!(target: TARGET, Level::INFO),
        }
    }

    pub(crate) fn tell(self, handler: &str, message: &Message, passage: Passage) {
        let Passage { attempts, outcome, duration, age_secs } = passage;
        let message_id = message.message_id().unwrap_or_default();
        let routing_key = message.routing_key();
        let duration_ms = duration.as_secs_f64() * 1e3;
        macro_rules! line {
            ($level:ident) => {
                $level!(
                    target: TARGET,
                    handler, %message_id, %routing_key, age_secs, attempts, outcome, duration_ms,
                    "message"
                )
            };
        }
        match self {
            Self::Off => {}
            Self::Debug => line!(debug),
            Self::Info => line!(info),
        }
    }
}
