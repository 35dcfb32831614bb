//! Why a measurement came to nothing.

use leveret_client::{
    ChannelError, ConnectError, ConsumerEnd, PublishError, SettleError, UriError,
};
use leveret_protocol::TooLong;

/// Why a measurement came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the address makes no sense: {0}")]
    Address(#[from] UriError),
    #[error("a name is too long: {0}")]
    Name(TooLong),
    #[error("cannot connect: {0}")]
    Connect(#[from] ConnectError),
    #[error("the broker refused: {0}")]
    Channel(#[from] ChannelError),
    #[error("cannot publish: {0}")]
    Publish(#[from] PublishError),
    #[error("cannot acknowledge: {0}")]
    Settle(#[from] SettleError),
    #[error("a consumer ended: {}", .0.as_ref().map_or_else(String::new, ToString::to_string))]
    ConsumerEnded(Option<ConsumerEnd>),
    #[error("cannot read the broker's process {pid}: {source}")]
    Process { pid: u32, source: std::io::Error },
    #[error("a task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}
