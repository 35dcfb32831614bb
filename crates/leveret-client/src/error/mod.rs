//! What can go wrong, one enum an operation.
//!
//! All are cheap to clone where many waiters hear of one event.

mod channel_error;
mod connect_error;
mod connection_end;
mod consumer_end;
mod publish_error;
mod settle_error;
mod tls_error;
mod update_secret_error;

pub use self::{
    channel_error::ChannelError,
    connect_error::ConnectError,
    connection_end::{ConnectionEnd, Loss},
    consumer_end::ConsumerEnd,
    publish_error::{Backlog, PublishError},
    settle_error::SettleError,
    tls_error::{CertificateProblem, TlsError},
    update_secret_error::UpdateSecretError,
};
