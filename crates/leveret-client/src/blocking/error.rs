//! Why a blocking call failed.

use std::{io, time::Duration};

use crate::{blocking::driver::InsideAsync, error::ConsumerEnd};

/// A blocking call failed; `E` is what its async twin fails with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error<E> {
    /// It was made where it would have blocked an async task.
    #[error(transparent)]
    InsideAsync(#[from] InsideAsync),
    /// The thread that serves blocking connections could not be started.
    #[error("the thread for blocking connections could not be started")]
    Thread(#[source] io::Error),
    /// The operation itself failed.
    #[error(transparent)]
    Operation(E),
}

/// No delivery was received; `E` is how what it was to come from ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecvError<E = ConsumerEnd> {
    /// The call was made where it would have blocked an async task.
    #[error(transparent)]
    InsideAsync(#[from] InsideAsync),
    /// None came in time; more may come.
    #[error("no delivery came within {} ms", within.as_millis())]
    TimedOut {
        /// How long it waited.
        within: Duration,
    },
    /// The consumer or subscription has ended, and all that came before was received.
    #[error("no more deliveries come: {0}")]
    Ended(#[source] E),
}

impl<E> Error<E> {
    /// What the operation itself failed with, if that was it.
    pub fn operation(&self) -> Option<&E> {
        match self {
            Self::Operation(error) => Some(error),
            Self::InsideAsync(_) | Self::Thread(_) => None,
        }
    }
}

/// What an iterator gives for it.
pub(super) fn unless_ended<T, E>(
    received: Result<T, RecvError<E>>,
) -> Option<Result<T, RecvError<E>>> {
    if matches!(received, Err(RecvError::Ended(_))) { None } else { Some(received) }
}
