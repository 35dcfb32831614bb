//! An application as a whole program: from start to the signal that stops it.

use tracing::{error, info};

use super::App;
use super::error::{RunError, StartError, StopError};
use crate::config::EXIT_CONFIG;
use crate::signals::StopSignals;

impl App {
    /// Starts the application and runs it until SIGTERM or SIGINT, then stops it gracefully.
    ///
    /// If a log is described ([`App::log_level`], `[logging]`) and the program has none, it is
    /// written to standard error.
    ///
    /// A second signal stops it at once: messages in hand are delivered again.
    pub async fn run(self) -> Result<(), RunError> {
        self.logging.start();
        let mut signals = StopSignals::listen().map_err(StopError::Signals)?;
        let mut running = tokio::select! {
            running = self.start() => running?,
            signal = signals.next() => {
                info!(signal, "stopped before it was started");
                return Ok(());
            }
        };
        let failure = tokio::select! {
            signal = signals.next() => {
                info!(signal, "asked to stop");
                None
            }
            failure = running.failed() => {
                error!(error = %failure, "cannot go on");
                Some(failure)
            }
        };
        let stopped = tokio::select! {
            stopped = running.shutdown() => stopped,
            _ = signals.next() => Err(StopError::Forced),
        };
        match failure {
            Some(failure) => Err(failure.into()),
            None => Ok(stopped?),
        }
    }
}

impl RunError {
    /// What a program exits with: 78 if it was put together wrongly, otherwise 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Start(error) => error.exit_code(),
            Self::Stop(_) => 1,
        }
    }
}

impl StartError {
    /// What a program exits with: 78 if it was put together wrongly, otherwise 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::DuplicateQueue { .. }
            | Self::DuplicateName { .. }
            | Self::Missing { .. }
            | Self::OutOfRange { .. }
            | Self::Unfit { .. }
            | Self::UnknownConnection { .. }
            | Self::UnknownHandler { .. }
            | Self::NameTooLong { .. }
            | Self::BadKey { .. }
            | Self::NoInboxFile { .. }
            | Self::Repartitioned { .. }
            | Self::NoHashExchange { .. }
            | Self::MayLose { .. } => EXIT_CONFIG,
            Self::Control(error) if error.is_config() => EXIT_CONFIG,
            Self::Control(_)
            | Self::Broker(_)
            | Self::Connect { .. }
            | Self::Declare { .. }
            | Self::Inbox(_)
            | Self::Metrics { .. }
            | Self::Hook(_) => 1,
        }
    }
}
