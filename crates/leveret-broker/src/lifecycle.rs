//! Whether the broker runs, stops, or has failed: a state all tasks watch.

use std::sync::Arc;

use tokio::sync::watch;

/// Why a running broker can go on no longer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The log could not be made durable. What was confirmed before is safe; nothing more is confirmed.
    #[error("the log in {place} failed: {reason}; nothing more is confirmed")]
    Disk {
        /// Where the log is.
        place: Arc<str>,
        /// What the disk said.
        reason: Arc<str>,
    },
    /// A socket to listen on was lost.
    #[error("cannot accept connections any more: {reason}")]
    Listener {
        /// What the system said.
        reason: Arc<str>,
    },
}

/// The broker's state; it only ever moves away from `Running`.
#[derive(Debug, Clone)]
pub(crate) enum State {
    Running,
    Stopping,
    Failed(Failure),
}

/// The one who changes the state.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    state: Arc<watch::Sender<State>>,
}

impl Lifecycle {
    pub(crate) fn start() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::Running)) }
    }

    /// Asks every task to end; a failure is not forgotten.
    pub(crate) fn stop(&self) {
        self.state.send_if_modified(|state| {
            let running = matches!(state, State::Running);
            if running {
                *state = State::Stopping;
            }
            running
        });
    }

    /// The first failure counts, also while stopping.
    pub(crate) fn fail(&self, failure: Failure) {
        self.state.send_if_modified(|state| {
            let first = !matches!(state, State::Failed(_));
            if first {
                *state = State::Failed(failure);
            }
            first
        });
    }

    /// What failed, if anything did.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match &*self.state.borrow() {
            State::Failed(failure) => Some(failure.clone()),
            State::Running | State::Stopping => None,
        }
    }

    /// Whether nothing has asked it to end.
    pub(crate) fn is_running(&self) -> bool {
        matches!(&*self.state.borrow(), State::Running)
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch { state: self.state.subscribe() }
    }
}

/// One who wants to know of the state.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    state: watch::Receiver<State>,
}

impl Watch {
    /// Comes back once the broker runs no longer, with the failure if that is why.
    pub(crate) async fn ended(&mut self) -> Option<Failure> {
        let ended = self.state.wait_for(|state| !matches!(state, State::Running)).await;
        match ended.as_deref() {
            Ok(State::Failed(failure)) => Some(failure.clone()),
            // The broker is gone without a word, which is a stop too.
            Ok(State::Running | State::Stopping) | Err(_) => None,
        }
    }

    /// Whether the broker runs no longer.
    pub(crate) fn has_ended(&self) -> bool {
        !matches!(&*self.state.borrow(), State::Running)
    }

    /// Comes back if the broker fails, and never if it stops in peace.
    pub(crate) async fn failed(&mut self) -> Failure {
        let is_failed = |state: &State| matches!(state, State::Failed(_));
        // The guard ends here, so that the future may move between threads.
        let failure = match self.state.wait_for(is_failed).await.as_deref() {
            Ok(State::Failed(failure)) => Some(failure.clone()),
            Ok(State::Running | State::Stopping) | Err(_) => None,
        };
        match failure {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }
}
