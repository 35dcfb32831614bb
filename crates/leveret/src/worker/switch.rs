//! Whether a handler's workers may pull: a switch that stops them all and probes.
//!
//! One per handler, shared by its workers. While it is off nobody pulls. After the pause one
//! worker tries one message, and what comes of that decides for all. A message that was in hand
//! when the switch went off is the first to be tried.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::window::{Attempted, Window};
use crate::failure::{Class, Classify as _, Failure};
use crate::handler::KillSwitch;
use crate::stats::{Count, Counters, Flow};

/// A shorter pause would be no pause.
const PAUSE_MIN: Duration = Duration::from_millis(100);

/// Doubling goes no further than this; what asks for more gets it.
const DOUBLED_MAX: Duration = Duration::from_mins(5);

/// No pause is longer: a day.
const PAUSE_MAX: Duration = Duration::from_hours(24);

/// A message is not kept in hand through a longer pause.
const HELD_PAUSE_MAX: Duration = Duration::from_mins(5);

/// A handler's switch.
#[derive(Debug)]
pub(crate) struct Switch {
    handler: String,
    condition: watch::Sender<Condition>,
    // A lock, as all workers note their attempts; held for one addition.
    window: Option<Mutex<Window>>,
    counters: Arc<Counters>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Condition {
    state: State,
    /// How many messages wait in hand.
    holders: u32,
    /// The number of the newest probe.
    probes: u64,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Flowing,
    Paused {
        until: Instant,
        pause: Duration,
    },
    Probing {
        pause: Duration,
    },
}

/// Who asks whether it may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A worker without a message: it does not probe while others have one in hand.
    Idle,
    /// A worker with a message in hand.
    Holding,
}

/// The right to try one message; dropped without an outcome, another may.
#[derive(Debug)]
pub(crate) struct Probe {
    switch: Arc<Switch>,
    number: u64,
}

/// A message waits in hand as long as this lives.
#[derive(Debug)]
pub(crate) struct Hold<'a>(&'a Switch);

impl Switch {
    pub(crate) fn new(
        handler: &str,
        options: Option<KillSwitch>,
        counters: Arc<Counters>,
    ) -> Arc<Self> {
        let window = options.map(|options| Mutex::new(Window::new(options, Instant::now())));
        let (condition, _) = watch::channel(Condition::default());
        Arc::new(Self { handler: handler.to_owned(), condition, window, counters })
    }

    /// An attempt succeeded: if it was the probe, all go on.
    pub(crate) fn succeeded(&self) {
        self.note(Attempted::Well);
        if !matches!(self.condition.borrow().state, State::Probing { .. }) {
            return;
        }
        let goes_on = self.condition.send_if_modified(|condition| match condition.state {
            State::Probing { .. } => {
                condition.state = State::Flowing;
                true
            }
            State::Flowing | State::Paused { .. } => false,
        });
        if goes_on {
            if let Some(window) = &self.window {
                window.lock().unwrap_or_else(PoisonError::into_inner).clear();
            }
            self.counters.flow(Flow::Flowing);
            info!(handler = %self.handler, "what failed works again, handler goes on");
        }
    }

    /// An attempt failed; whether the handler pauses now.
    ///
    /// A permanent failure says nothing of what the handler depends on.
    pub(crate) fn failed(&self, failure: &Failure) -> bool {
        let asked = match failure.class() {
            Class::Permanent => return false,
            Class::Pause(pause) => Some(pause),
            Class::Transient | Class::Busy(_) | Class::Conflict => self.note(Attempted::Failed),
        };
        let mut begun = None;
        self.condition.send_if_modified(|condition| {
            let pause = match (condition.state, asked) {
                (State::Flowing, None) | (State::Paused { .. }, _) => return false,
                (State::Flowing, Some(pause)) => pause.clamp(PAUSE_MIN, PAUSE_MAX),
                (State::Probing { pause }, asked) => {
                    let doubled = pause.saturating_mul(2).min(DOUBLED_MAX).max(pause);
                    doubled.max(asked.unwrap_or_default()).min(PAUSE_MAX)
                }
            };
            condition.state = State::Paused { until: Instant::now() + pause, pause };
            begun = Some(pause);
            true
        });
        if let Some(pause) = begun {
            self.counters.add(Count::Paused, 1);
            self.counters.flow(Flow::Paused);
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            warn!(handler = %self.handler, pause_ms, %failure, "handler pauses");
        }
        !matches!(self.condition.borrow().state, State::Flowing)
    }

    /// Waits until a worker may go on: as all do, or with a probe.
    pub(crate) async fn pass(self: &Arc<Self>, asker: Asker) -> Option<Probe> {
        let mut changes = self.condition.subscribe();
        loop {
            let state = changes.borrow_and_update().state;
            match state {
                State::Flowing => return None,
                State::Probing { .. } => {
                    changes.changed().await.ok();
                }
                State::Paused { until, .. } => tokio::select! {
                    biased;
                    _ = changes.changed() => {}
                    () = tokio::time::sleep_until(until) => match self.begin_probe(asker) {
                        Some(probe) => return Some(probe),
                        None => changes.changed().await.unwrap_or_default(),
                    }
                },
            }
        }
    }

    /// Returns when a worker is to stop pulling; `probe` is its own.
    pub(crate) async fn stopped(&self, probe: Option<&Probe>) {
        let own = probe.map(|probe| probe.number);
        let is_off = |condition: &Condition| match condition.state {
            State::Flowing => false,
            State::Paused { .. } => true,
            State::Probing { .. } => own != Some(condition.probes),
        };
        self.condition.subscribe().wait_for(is_off).await.map(drop).unwrap_or_default();
    }

    /// Keeps a message in hand; nothing if the pause is too long for that.
    pub(crate) fn hold(&self) -> Option<Hold<'_>> {
        let mut is_short = true;
        self.condition.send_modify(|condition| {
            is_short = match condition.state {
                State::Flowing | State::Probing { .. } => true,
                State::Paused { pause, .. } => pause <= HELD_PAUSE_MAX,
            };
            condition.holders += u32::from(is_short);
        });
        is_short.then(|| Hold(self))
    }

    fn begin_probe(self: &Arc<Self>, asker: Asker) -> Option<Probe> {
        let mut number = None;
        self.condition.send_if_modified(|condition| match condition.state {
            State::Paused { until, pause }
                if until <= Instant::now()
                    && (asker == Asker::Holding || condition.holders == 0) =>
            {
                condition.probes += 1;
                number = Some(condition.probes);
                condition.state = State::Probing { pause };
                true
            }
            State::Flowing | State::Paused { .. } | State::Probing { .. } => false,
        });
        let number = number?;
        self.counters.flow(Flow::Probing);
        info!(handler = %self.handler, "pause is over, trying one message");
        Some(Probe { switch: self.clone(), number })
    }

    fn note(&self, attempted: Attempted) -> Option<Duration> {
        let window = self.window.as_ref()?;
        window.lock().unwrap_or_else(PoisonError::into_inner).note(Instant::now(), attempted)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let number = self.number;
        let is_open = self.switch.condition.send_if_modified(|condition| match condition.state {
            State::Probing { pause } if condition.probes == number => {
                condition.state = State::Paused { until: Instant::now(), pause };
                true
            }
            State::Flowing | State::Paused { .. } | State::Probing { .. } => false,
        });
        if is_open {
            self.switch.counters.flow(Flow::Paused);
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.condition.send_modify(|condition| condition.holders -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(2);

    fn switch(options: Option<KillSwitch>) -> Arc<Switch> {
        Switch::new("work", options, Arc::new(Counters::new(Arc::default())))
    }

    fn down() -> Failure {
        Failure::pause(PAUSE, "the bank is down")
    }

    async fn passes_after(switch: &Arc<Switch>, asker: Asker) -> (Duration, Option<Probe>) {
        let since = Instant::now();
        let probe = switch.pass(asker).await;
        (since.elapsed(), probe)
    }

    #[tokio::test(start_paused = true)]
    async fn one_probes_after_the_pause_and_success_lets_all_go_on() {
        let switch = switch(None);
        assert!(switch.failed(&down()));
        let (waited, probe) = passes_after(&switch, Asker::Idle).await;
        assert!(waited >= PAUSE && probe.is_some());
        let others = switch.clone();
        let other = tokio::spawn(async move { others.pass(Asker::Idle).await.is_none() });
        tokio::task::yield_now().await;
        assert!(!other.is_finished(), "one probes at a time");
        switch.succeeded();
        assert!(other.await.unwrap(), "the others go on without a probe");
    }

    #[tokio::test(start_paused = true)]
    async fn each_failed_probe_doubles_the_pause_up_to_its_bound() {
        let switch = switch(None);
        let mut waits = Vec::new();
        for _ in 0..9 {
            switch.failed(&down());
            let (waited, probe) = passes_after(&switch, Asker::Idle).await;
            waits.push(waited.as_secs());
            switch.failed(&Failure::transient("still down"));
            drop(probe);
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_in_hand_is_tried_before_one_is_pulled() {
        let switch = switch(None);
        switch.failed(&down());
        let hold = switch.hold().unwrap();
        let idle = switch.clone();
        let idle = tokio::spawn(async move { idle.pass(Asker::Idle).await.is_some() });
        let (_, probe) = passes_after(&switch, Asker::Holding).await;
        assert!(probe.is_some() && !idle.is_finished());
        drop(hold);
        drop(probe);
        assert!(idle.await.unwrap(), "a probe without an outcome goes to another");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_pause_is_not_waited_for_in_hand() {
        let switch = switch(None);
        switch.failed(&Failure::pause(Duration::from_mins(6), "closed"));
        assert!(switch.hold().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn only_trouble_outside_counts_and_only_enough_of_it() {
        let options = KillSwitch { minimum: 3, ..KillSwitch::default() };
        let switch = switch(Some(options));
        for _ in 0..5 {
            assert!(!switch.failed(&Failure::permanent("bad message")));
        }
        assert!(!switch.failed(&Failure::transient("timeout")));
        assert!(!switch.failed(&Failure::transient("timeout")));
        assert!(switch.failed(&Failure::transient("timeout")));
    }
}
