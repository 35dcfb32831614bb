//! Why messages stay where they are.

use std::fmt;

use leveret_client::{ChannelError, PublishError, SettleError};

use crate::{Refusal, exit::Exit, messages::Failure, topology::TopologyFailure};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum MoveFailure {
    #[error(transparent)]
    Messages(#[from] Failure),
    #[error(transparent)]
    Topology(#[from] TopologyFailure),
    #[error("queue `{0}` cannot be moved onto itself: wanted --to or --as")]
    Itself(String),
    #[error(
        "the target has no queue `{queue}`: {source} (make it first, by `leveret topology apply` or `--all`)"
    )]
    NoTarget { queue: String, source: Box<ChannelError> },
    #[error("{source}{progress}")]
    Refused { source: Box<PublishError>, progress: Progress },
    #[error(
        "{returned} messages were not taken by the target's queue and are back at the end of queue `{queue}`{progress}"
    )]
    Returned { returned: usize, queue: String, progress: Progress },
    #[error("the target takes no more messages: {reason}{progress}")]
    Blocked { reason: String, progress: Progress },
    #[error("{source}{progress}")]
    Cut { source: Box<Failure>, progress: Progress },
    #[error(
        "queue `{queue}` holds {left} messages and gives none: another consumer may have it to itself{progress}"
    )]
    Silent { queue: String, left: u32, progress: Progress },
    #[error("a copy looks at 100,000 messages of a queue at most{0}")]
    TooMany(Progress),
    #[error("stopped{0}")]
    Interrupted(Progress),
    #[error(
        "the target has objects that differ, so nothing is moved; see `leveret topology plan`:\n{0}"
    )]
    Differs(String),
}

/// How far it came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    pub(super) moved: u64,
    /// Messages of which nobody knows whether they are on both sides.
    pub(super) unsure: u64,
}

impl MoveFailure {
    /// How far it came, if it had begun.
    pub(super) fn progress(&self) -> Option<Progress> {
        match self {
            Self::Refused { progress, .. }
            | Self::Returned { progress, .. }
            | Self::Blocked { progress, .. }
            | Self::Cut { progress, .. }
            | Self::Silent { progress, .. }
            | Self::TooMany(progress)
            | Self::Interrupted(progress) => Some(*progress),
            Self::Messages(_)
            | Self::Topology(_)
            | Self::Itself(_)
            | Self::NoTarget { .. }
            | Self::Differs(_) => None,
        }
    }

    /// Whether some messages are moved and others are not.
    pub(super) fn is_partial(&self) -> bool {
        self.progress().is_some_and(|progress| progress.moved > 0)
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { moved, unsure } = self;
        write!(f, "; {moved} moved, the rest stays: run it again to go on")?;
        match unsure {
            0 => Ok(()),
            unsure => write!(f, "; up to {unsure} may be on both sides"),
        }
    }
}

impl From<ChannelError> for MoveFailure {
    fn from(error: ChannelError) -> Self {
        Failure::from(error).into()
    }
}

impl From<SettleError> for MoveFailure {
    fn from(error: SettleError) -> Self {
        Failure::from(error).into()
    }
}

impl From<MoveFailure> for Refusal {
    fn from(failure: MoveFailure) -> Self {
        let text = failure.to_string();
        if failure.is_partial() {
            return Self { text, exit: Exit::Partial };
        }
        let exit = match failure {
            MoveFailure::Messages(failure) => return failure.into(),
            MoveFailure::Topology(failure) => return failure.into(),
            MoveFailure::Itself(_) | MoveFailure::TooMany(_) => Exit::Usage,
            MoveFailure::Blocked { .. } => Exit::Temporary,
            MoveFailure::Interrupted(_) => Exit::Forced,
            MoveFailure::NoTarget { .. }
            | MoveFailure::Refused { .. }
            | MoveFailure::Returned { .. }
            | MoveFailure::Cut { .. }
            | MoveFailure::Silent { .. }
            | MoveFailure::Differs(_) => Exit::Unavailable,
        };
        Self { text, exit }
    }
}
