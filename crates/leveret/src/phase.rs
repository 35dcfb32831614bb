//! Where an application is in its life, told to all its tasks at once.

use tokio::sync::watch;

/// The phases, in the only order there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    #[default]
    Running,
    /// No message is begun any more; those in hand are finished.
    Draining,
    /// Everything closes.
    Stopped,
}

/// Tells the phase.
#[derive(Debug, Default)]
pub(crate) struct PhaseTeller(watch::Sender<Phase>);

/// Hears of it.
#[derive(Debug, Clone)]
pub(crate) struct PhaseListener(watch::Receiver<Phase>);

impl PhaseTeller {
    pub(crate) fn listen(&self) -> PhaseListener {
        PhaseListener(self.0.subscribe())
    }

    /// Goes on to a later phase; never back.
    pub(crate) fn advance(&self, to: Phase) {
        self.0.send_if_modified(|phase| {
            let is_later = to > *phase;
            if is_later {
                *phase = to;
            }
            is_later
        });
    }
}

impl PhaseListener {
    pub(crate) fn now(&self) -> Phase {
        *self.0.borrow()
    }

    /// Returns when the phase is at least this one.
    pub(crate) async fn reached(&mut self, wanted: Phase) {
        // The teller is gone only when the application is.
        self.0.wait_for(|phase| *phase >= wanted).await.map(drop).unwrap_or_default();
    }
}
