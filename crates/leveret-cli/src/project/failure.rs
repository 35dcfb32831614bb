//! Why a project is not made or not run.

use std::{io, path::PathBuf};

use crate::{Refusal, exit::Exit};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(
        "`{0}` cannot be the name of a program: wanted up to 64 letters, digits, - and _, a letter first"
    )]
    Name(String),
    #[error("there is no Leveret in `{}`: wanted a checkout, with `crates/leveret/Cargo.toml` in it", .0.display())]
    NoCheckout(PathBuf),
    #[error("`{}` is there already and not empty", .0.display())]
    Exists(PathBuf),
    #[error("cannot write `{}`: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("no Cargo.toml in `{}`: `--folder` names the project, `leveret new` makes one", .0.display())]
    NoProject(PathBuf),
    #[error("cannot run `cargo build`: {0}")]
    Cargo(io::Error),
    #[error("the project has no program to run")]
    NoProgram,
    #[error("the project has {}: `--bin` chooses one", .0.join(", "))]
    ManyPrograms(Vec<String>),
    #[error("cannot run `{}`: {source}", path.display())]
    Run { path: PathBuf, source: io::Error },
    #[error("the broker cannot start: {0}; `--listen 127.0.0.1:0` takes a free port")]
    Broker(#[from] leveret_broker::StartError),
    #[error("the broker failed: {0}")]
    BrokerFailed(String),
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    #[error("cannot start: {0}")]
    Runtime(io::Error),
}

impl Failure {
    fn exit(&self) -> Exit {
        match self {
            Self::Name(_) | Self::NoProgram | Self::ManyPrograms(_) => Exit::Usage,
            Self::NoCheckout(_) | Self::NoProject(_) => Exit::NoInput,
            Self::Exists(_) => Exit::CannotCreate,
            Self::Write { .. } => Exit::Disk,
            Self::Broker(_) => Exit::Temporary,
            Self::Cargo(_)
            | Self::Run { .. }
            | Self::BrokerFailed(_)
            | Self::Signals(_)
            | Self::Runtime(_) => Exit::Internal,
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { text: failure.to_string(), exit: failure.exit() }
    }
}
