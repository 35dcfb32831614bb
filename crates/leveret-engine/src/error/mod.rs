//! Why a method is refused: typed, with RabbitMQ's reply codes and words.
//!
//! One enum for each kind of operation; whether the channel or the whole connection goes
//! follows from the reply code.

mod access;
mod bind;
mod consume;
mod declare;
mod erlang;
mod publish;
mod resource;
mod settle;
mod transaction;

use alloc::string::ToString as _;

use leveret_protocol::{AmqpError, ReplyCode};

pub(crate) use self::{
    access::{Access, AccessError},
    bind::BindError,
    consume::ConsumeError,
    declare::{ArgumentFault, Compared, DeclareError, Property, Sides},
    erlang::{Shown, integer, same_argument, same_header},
    publish::PublishError,
    resource::{Resource, ResourceError, ResourceKind},
    settle::SettleError,
    transaction::TransactionError,
};

/// Any refusal of a method.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MethodError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Resource(#[from] ResourceError),
    #[error(transparent)]
    Declare(#[from] DeclareError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Consume(#[from] ConsumeError),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    #[error("unimplemented method")]
    NoClientMethod,
}

impl MethodError {
    fn reply_code(&self) -> ReplyCode {
        match self {
            Self::Access(error) => error.reply_code(),
            Self::Resource(error) => error.reply_code(),
            Self::Declare(error) => error.reply_code(),
            Self::Bind(error) => error.reply_code(),
            Self::Publish(error) => error.reply_code(),
            Self::Consume(error) => error.reply_code(),
            Self::Settle(error) => error.reply_code(),
            Self::Transaction(error) => error.reply_code(),
            Self::NoClientMethod => ReplyCode::CommandInvalid,
        }
    }

    /// The same as the peer is told it.
    pub(crate) fn to_amqp(&self) -> AmqpError {
        AmqpError::new(self.reply_code(), self.to_string())
    }
}
