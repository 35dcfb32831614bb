//! Handlers under control: listed, paused, given more workers, drained.

mod desk;
mod pace;
#[cfg(feature = "http")]
mod pages;
mod pause;
mod server;
mod status;

use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{info, warn};

use crate::bell::Bell;
use crate::gate::{Gate, Halt};
use crate::metrics::{Monitor, Watched};
use crate::phase::Phase;
use crate::stats::{Flow, HandlerStats};

pub(crate) use desk::Desk;
pub use desk::DeskError;
use pace::Pace;
pub use pause::{CONFIG_OWNER, PAUSE_MAX, Pause, WORDS_MAX};
pub use server::ControlServer;
pub use status::{HandlerState, HandlerStatus, PauseStatus, Rates};

/// Steers the handlers of a running application, from anywhere. Cheap to clone.
///
/// From [`RunningApp::control`](crate::RunningApp::control); over HTTP by `App::control` (feature
/// `http`). What is done is logged with its owner, and lasts until it
/// is undone or the program ends, over lost connections too.
///
/// ```
/// use std::time::Duration;
/// use leveret::{App, Handler, HandlerState, Pause, Publish};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let handler = Handler::new("orders", || async {}).named("charge");
/// let running = App::new("shop").in_memory().handler(handler).start().await?;
/// let control = running.control();
/// let pause = Pause::by("ann").because("the bank moves").ends_after(Duration::from_mins(10));
/// let drained = control.drain("charge", pause).await?;
/// assert_eq!((drained.state, drained.in_hand), (HandlerState::Paused, 0));
/// control.resume("charge", "ann")?;
/// assert_eq!(control.handlers()[0].state, HandlerState::Running);
/// # running.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Control(Arc<Steered>);

struct Steered {
    monitor: Monitor,
    bell: Arc<Bell>,
    /// One for each handler. A lock, as whoever looks writes it; held for one look.
    paces: Mutex<Vec<Pace>>,
}

/// What was asked for cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// There is no such handler.
    #[error("there is no handler `{name}`: there are {}", known.join(", "))]
    UnknownHandler {
        /// The name.
        name: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// A number is not within its declared bounds.
    #[error("handler `{handler}` cannot have a {what} of {found}, only {wanted}")]
    OutOfRange {
        /// The handler.
        handler: String,
        /// Which number.
        what: &'static str,
        /// What was asked for.
        found: String,
        /// What may be.
        wanted: String,
    },
}

impl Control {
    pub(crate) fn new(monitor: Monitor, bell: Arc<Bell>) -> Self {
        let paces = monitor.handlers().iter().map(|one| Pace::new(&one.counters.read())).collect();
        Self(Arc::new(Steered { monitor, bell, paces: Mutex::new(paces) }))
    }

    /// All handlers, in the order in which they were added.
    pub fn handlers(&self) -> Vec<HandlerStatus> {
        let mut paces = self.0.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let looks = self.0.monitor.handlers().iter().zip(paces.iter_mut());
        looks.map(|(one, pace)| self.look(one, pace)).collect()
    }

    /// One handler.
    pub fn handler(&self, name: &str) -> Result<HandlerStatus, ControlError> {
        self.find(name)?;
        let found = self.handlers().into_iter().find(|status| status.name == name);
        found.ok_or_else(|| self.unknown(name))
    }

    /// Lets a handler pull nothing more: its consumers are cancelled, what it has in hand is
    /// finished, and what was delivered and not begun goes back to its queue, not counted as tried.
    ///
    /// Another pause before this one has ended takes its place.
    pub fn pause(&self, handler: &str, pause: Pause) -> Result<HandlerStatus, ControlError> {
        let gate = &self.find(handler)?.gate;
        let halt: Halt = pause.checked(handler)?;
        let (owner, reason) = (&halt.owner, &halt.reason);
        let ends_after = pause.expiry.map(|expiry| format!("{expiry:?}"));
        warn!(handler, owner, reason, ends_after, "handler paused by an operator");
        gate.halt(halt);
        self.0.bell.ring_after_all();
        self.handler(handler)
    }

    /// Ends a pause; nothing happens if there is none. What a kill switch has stopped goes on by itself only.
    pub fn resume(&self, handler: &str, owner: &str) -> Result<HandlerStatus, ControlError> {
        let gate = &self.find(handler)?.gate;
        if gate.release().is_some() {
            info!(handler, owner, "handler resumed by an operator");
            self.0.bell.ring_after_all();
        }
        self.handler(handler)
    }

    /// Sets how many messages a handler works on at a time, within the bounds it declares:
    /// from 1 or [`Handler::concurrency_down_to`](crate::Handler::concurrency_down_to) to its
    /// concurrency, or to [`Handler::concurrency_up_to`](crate::Handler::concurrency_up_to).
    pub fn set_concurrency(
        &self,
        handler: &str,
        workers: usize,
        owner: &str,
    ) -> Result<HandlerStatus, ControlError> {
        let gate = &self.find(handler)?.gate;
        let bounds = gate.bounds();
        if !bounds.contains(&workers) {
            return Err(ControlError::OutOfRange {
                handler: handler.to_owned(),
                what: "concurrency",
                found: workers.to_string(),
                wanted: wanted(gate),
            });
        }
        let before = gate.set_workers(workers);
        info!(handler, owner, before, workers, "concurrency set by an operator");
        self.0.bell.ring_after_all();
        self.handler(handler)
    }

    /// Pauses a handler and waits until it has nothing in hand and consumes no more.
    ///
    /// That takes as long as the messages in hand do; dropped, the handler stays paused.
    pub async fn drain(&self, handler: &str, pause: Pause) -> Result<HandlerStatus, ControlError> {
        self.pause(handler, pause)?;
        let watched = self.find(handler)?;
        let look = || {
            let HandlerStats { in_flight, consumers, .. } = watched.counters.read();
            let is_drained = in_flight == 0 && consumers == 0;
            (is_drained || !watched.gate.is_halted()).then_some(())
        };
        self.0.bell.until(look).await;
        self.handler(handler)
    }

    fn look(&self, one: &Watched, pace: &mut Pace) -> HandlerStatus {
        let counts = one.counters.read();
        let halt = one.gate.halted();
        let is_stopping = self.0.monitor.phase() != Phase::Running;
        let has_work = counts.in_flight > 0 || counts.consumers > 0;
        let state = match (halt.is_some() || is_stopping, has_work, counts.flow) {
            (true, true, _) => HandlerState::Draining,
            (true, false, _) => HandlerState::Paused,
            (false, _, Flow::Flowing) => HandlerState::Running,
            (false, _, Flow::Paused | Flow::Probing) => HandlerState::BreakerOpen,
        };
        let rates = pace.look(&counts);
        HandlerStatus {
            name: one.name.clone(),
            queue: one.queue.clone(),
            connection: one.connection.clone(),
            state,
            workers: one.gate.workers(),
            workers_max: *one.gate.bounds().end(),
            consuming: counts.consumers,
            in_hand: counts.in_flight,
            received: counts.received,
            handled: counts.handled,
            failed: counts.failed,
            dead_lettered: counts.dead_lettered,
            postponed: counts.postponed,
            breaker_pauses: counts.pauses,
            quiet_secs: pace.quiet_for().as_secs(),
            rates,
            last_error: one.counters.last_error.read(),
            parked_keys: one.counters.parked.read(),
            pause: halt.map(PauseStatus::of),
        }
    }

    fn find(&self, name: &str) -> Result<&Watched, ControlError> {
        let mut handlers = self.0.monitor.handlers().iter();
        handlers.find(|one| one.name == name).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> ControlError {
        let known = self.0.monitor.handlers().iter().map(|one| format!("`{}`", one.name)).collect();
        ControlError::UnknownHandler { name: name.to_owned(), known }
    }
}

fn wanted(gate: &Gate) -> String {
    let (least, most) = gate.bounds().clone().into_inner();
    format!("{least} to {most} (more is declared with `concurrency_up_to`)")
}

impl Debug for Control {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Control").field(&self.0.monitor).finish()
    }
}
