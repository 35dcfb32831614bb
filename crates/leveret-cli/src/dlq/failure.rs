//! Why dead letters stay where they are.

use leveret_client::{PublishError, ShortStr};

use crate::{Refusal, exit::Exit, messages::Failure};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum DlqFailure {
    #[error(transparent)]
    Messages(#[from] Failure),
    #[error("a message cannot be sent to queue `{}`, and stays: {source}; {sent} were sent back before", to.to_string_lossy())]
    Send { to: ShortStr, sent: u64, source: Box<PublishError> },
    #[error("message `{0}` does not say which queue it failed in, and stays: wanted `--to QUEUE`")]
    NoOrigin(String),
    #[error("{0} messages are meant, wanted one to edit: name it with --message-id")]
    NotOne(u64),
    #[error("the command cannot be tried: {0}")]
    Shadow(String),
    #[error("nothing to edit: wanted --body or --set-header")]
    NoEdit,
}

impl From<DlqFailure> for Refusal {
    fn from(failure: DlqFailure) -> Self {
        let text = failure.to_string();
        let exit = match failure {
            DlqFailure::Messages(failure) => return failure.into(),
            DlqFailure::Send { .. } | DlqFailure::NoOrigin(_) => Exit::Unavailable,
            DlqFailure::Shadow(_) => Exit::Failed,
            DlqFailure::NotOne(_) | DlqFailure::NoEdit => Exit::Usage,
        };
        Self { text, exit }
    }
}
