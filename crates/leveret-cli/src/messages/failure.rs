//! Why a command on messages did not do its work.

use std::{io, path::PathBuf};

use leveret_client::{
    ChannelError, ConnectError, ConsumerEnd, EnvironmentError, PublishError, RpcError, SettleError,
    UriError,
};
use leveret_json::JsonError;

use crate::{Refusal, exit::Exit};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("--url: {0}")]
    Address(#[from] UriError),
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error("cannot connect to {broker}: {source}")]
    Connect { broker: String, source: Box<ConnectError> },
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error("message {number}: {source}{}", Confirmed(*.confirmed))]
    Publish { number: u64, confirmed: u64, source: Box<PublishError> },
    #[error("line {line}: {reason}{}", Confirmed(*.confirmed))]
    Line { line: u64, reason: LineError, confirmed: u64 },
    #[error(
        "stopped by Ctrl-C; {confirmed} published, each confirmed by the broker; what came after is not"
    )]
    Interrupted { confirmed: u64 },
    #[error("the consumer ended: {0}")]
    Ended(ConsumerEnd),
    #[error("{0}")]
    Call(Box<RpcError>),
    #[error("cannot read `{}`: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot read standard input: {0}")]
    Input(io::Error),
    #[error("cannot write: {0}")]
    Output(io::Error),
    #[error(
        "this broker holds no messages back: `--after`, `--at` and `--cancel` need a Leveret broker"
    )]
    NoSchedule,
    #[error("`--schedule-id` names a message that waits: wanted `--after` or `--at` too")]
    NoTime,
    #[error("nothing waits by the name `{0}` there: it was routed, cancelled, or never was")]
    NothingWaits(String),
    #[error("no queue and no exchange: wanted `--queue`, or `--exchange` and `--key`")]
    NoRoute,
    #[error("{0}: nobody can be asked here, so `--yes` is needed")]
    NotAsked(String),
    #[error("cannot start: {0}")]
    Runtime(io::Error),
}

/// Why a line is no message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    #[error("no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Shape(#[from] JsonError),
    #[error("`{0}` is not there or no string")]
    Text(&'static str),
    #[error("`{name}` has {bytes} bytes, at most 255 are possible")]
    TooLong { name: &'static str, bytes: usize },
    #[error("`payload_encoding` is neither string nor base64")]
    Encoding,
    #[error("it has neither routing key nor exchange, and none is given")]
    NoRoute,
    #[error("longer than {0} bytes")]
    TooLarge(u64),
}

struct Confirmed(u64);

impl std::fmt::Display for Confirmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => Ok(()),
            1 => f.write_str("; the one before it is published"),
            number => write!(f, "; the {number} before it are published"),
        }
    }
}

impl Failure {
    fn exit(&self) -> Exit {
        match self {
            Self::Address(_)
            | Self::Environment(_)
            | Self::NoRoute
            | Self::NoTime
            | Self::NotAsked(_) => Exit::Usage,
            Self::NothingWaits(_) => Exit::Failed,
            Self::Interrupted { confirmed: 0 } => Exit::Forced,
            Self::Interrupted { .. } => Exit::Partial,
            Self::Line { .. } => Exit::Data,
            Self::File { .. } => Exit::NoInput,
            Self::Input(_) | Self::Output(_) => Exit::Disk,
            Self::Runtime(_) => Exit::Internal,
            Self::Call(error) if matches!(**error, RpcError::Remote { .. }) => Exit::Failed,
            Self::Call(error) if matches!(**error, RpcError::Timeout { .. }) => Exit::Temporary,
            Self::Call(_)
            | Self::Connect { .. }
            | Self::Channel(_)
            | Self::Settle(_)
            | Self::Publish { .. }
            | Self::Ended(_)
            | Self::NoSchedule => Exit::Unavailable,
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { text: failure.to_string(), exit: failure.exit() }
    }
}
