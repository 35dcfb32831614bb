//! Why a topology was not shown or had.

use std::{io, path::PathBuf};

use leveret_client::{ChannelError, EnvironmentError, UriError};
use leveret_topology::{DefinitionsError, TopologyError};

use crate::{Refusal, exit::Exit, messages::Failure, web::SiteError};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TopologyFailure {
    #[error(transparent)]
    Messages(#[from] Failure),
    #[error("{0}")]
    File(#[from] TopologyError),
    #[error("{}: {source}", path.display())]
    Definitions { path: PathBuf, source: DefinitionsError },
    #[error("{} is no JSON: {source}", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("the management API's lists cannot be read: {0}")]
    Lists(DefinitionsError),
    #[error("cannot read `{}`: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write `{}`: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("--http: {0}")]
    Http(#[from] SiteError),
    #[error("{0} needs the management API: wanted --http URL")]
    NoHttp(&'static str),
    #[error("{text}")]
    Admin { text: String, exit: Exit },
    #[error("{object}: {source}; {done} steps were done before")]
    Step { object: String, source: Box<ChannelError>, done: usize },
    #[error(
        "{queue} holds messages ({messages}), so nothing is changed: wanted `leveret move` first, or `--with-messages`"
    )]
    HoldsMessages { queue: String, messages: u64 },
    #[error("an argument of {object} does not fit AMQP: {reason}")]
    Argument { object: String, reason: String },
    #[error("the file cannot be had as it is: see the lines with ! above")]
    Problems,
}

impl From<UriError> for TopologyFailure {
    fn from(error: UriError) -> Self {
        Failure::from(error).into()
    }
}

impl From<EnvironmentError> for TopologyFailure {
    fn from(error: EnvironmentError) -> Self {
        Failure::from(error).into()
    }
}

impl From<ChannelError> for TopologyFailure {
    fn from(error: ChannelError) -> Self {
        Failure::from(error).into()
    }
}

impl From<Refusal> for TopologyFailure {
    fn from(refusal: Refusal) -> Self {
        Self::Admin { text: refusal.text, exit: refusal.exit }
    }
}

impl From<TopologyFailure> for Refusal {
    fn from(failure: TopologyFailure) -> Self {
        let text = failure.to_string();
        let exit = match failure {
            TopologyFailure::Messages(failure) => return failure.into(),
            TopologyFailure::Admin { exit, .. } => exit,
            TopologyFailure::File(_)
            | TopologyFailure::Definitions { .. }
            | TopologyFailure::Json { .. }
            | TopologyFailure::Argument { .. } => Exit::Config,
            TopologyFailure::Read { .. } => Exit::NoInput,
            TopologyFailure::Write { .. } => Exit::CannotCreate,
            TopologyFailure::Http(_) | TopologyFailure::NoHttp(_) => Exit::Usage,
            TopologyFailure::Step { source, .. } if source.code() == Some(403) => Exit::Permission,
            TopologyFailure::Step { .. } | TopologyFailure::Lists(_) => Exit::Unavailable,
            TopologyFailure::HoldsMessages { .. } | TopologyFailure::Problems => Exit::Failed,
        };
        Self { text, exit }
    }
}
