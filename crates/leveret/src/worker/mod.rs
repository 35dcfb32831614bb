//! Workers: each takes messages on a channel of its own.
//!
//! A worker outlives connections: when its channel ends it opens another on the newest
//! generation of its link. Whatever was not settled on the old one is delivered again.
//!
//! Workers are many and take turns, so each is kept small: what hardly ever happens is a future in
//! a box, and takes no room in those to which it does not happen.

mod aftermath;
mod attempt;
mod batch;
mod bundle;
mod course;
mod dozing;
mod fitting;
mod halting;
mod in_hand;
mod keyed;
mod lane;
mod limit;
mod refusal;
mod report;
mod returns;
mod round;
mod settling;
mod share;
mod single;
mod suspects;
mod switch;
mod undone;
mod watched;
mod window;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use leveret_protocol::ShortStr;
use tokio::sync::watch;
use tracing::warn;

use crate::handler::{Batching, Mode};
use crate::inbox::{Inbox, StoreError};
use crate::link::{BackOff, Declaration, DeclareError, Generation, Link, declare};
use crate::phase::{Phase, PhaseListener};

pub(crate) use attempt::Attempts;
pub(crate) use keyed::Keys;
use lane::{LaneError, Opening};
use returns::Returns;
pub(crate) use share::Shares;
pub(crate) use suspects::Suspects;
use switch::Probe;
pub(crate) use switch::Switch;

/// How long a message is kept in hand over all pauses: brokers close a channel that keeps one
/// longer, `RabbitMQ` after half an hour.
pub(crate) const HELD_MAX: Duration = Duration::from_mins(15);

/// One of a handler's workers.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) attempts: Arc<Attempts>,
    /// Which of its handler's workers it is, from zero.
    pub(crate) number: usize,
    pub(crate) queue: ShortStr,
    pub(crate) mode: Mode,
    pub(crate) manner: Manner,
    pub(crate) link: Link,
    pub(crate) phase: PhaseListener,
    pub(crate) suspects: Arc<Suspects>,
    pub(crate) returns: Arc<Returns>,
    pub(crate) desk: Option<InboxDesk>,
    /// Declared again before a channel is opened after one that failed: the queue may be gone.
    pub(crate) declarations: Arc<[Declaration]>,
}

/// How a worker takes messages.
#[derive(Debug, Clone)]
pub(crate) enum Manner {
    Single,
    Batches(Batching),
    Keyed(Keys),
}

/// A worker's way to the inbox.
#[derive(Debug, Clone)]
pub(crate) struct InboxDesk {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) ledger: ShortStr,
    pub(crate) drained: watch::Receiver<u64>,
}

/// Why a worker has stopped on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Draining,
    Paused,
}

/// Why a worker leaves its channel.
#[derive(Debug, thiserror::Error)]
enum Leave {
    #[error(transparent)]
    Lane(#[from] LaneError),
    #[error("the consumer ended{}", .0.as_ref().map(|end| format!(": {end}")).unwrap_or_default())]
    Consumer(Option<leveret_client::ConsumerEnd>),
    #[error(transparent)]
    Inbox(#[from] StoreError),
}

impl Worker {
    /// What its lanes are opened for.
    fn opening(&self, prefetch: u16) -> Opening<'_> {
        let (outlet, counters) = (self.link.outlet.clone(), self.attempts.counters.clone());
        Opening { mode: self.mode, queue: &self.queue, prefetch, outlet, counters }
    }

    pub(crate) async fn run(mut self) {
        let mut last = 0;
        let mut back_off = BackOff::new();
        let mut phase = self.phase.clone();
        let mut draining = pin!(phase.reached(Phase::Draining));
        loop {
            let (probe, generation) = tokio::select! {
                biased;
                () = &mut draining => return,
                ready = async {
                    let probe = self.pass().await;
                    (probe, self.next_generation(last).await)
                } => ready,
            };
            let Some(generation) = generation else { return };
            let (leave, progress) = match self.work_on(&generation, probe).await {
                Ok(Stopped::Draining) => return,
                Ok(Stopped::Paused) => {
                    last = generation.number - 1;
                    continue;
                }
                Err(left) => left,
            };
            last = generation.number;
            if generation.connection.end().is_some() {
                continue;
            }
            warn!(handler = %self.attempts.handler, error = %leave, "channel ended, opening another");
            last -= 1;
            if progress > 0 {
                back_off = BackOff::new();
            }
            tokio::select! {
                () = &mut draining => return,
                () = back_off.pause() => {}
            }
            if let Err(DeclareError { what, source }) =
                declare(&generation.connection, &self.declarations).await
            {
                warn!(handler = %self.attempts.handler, what, error = %source, "cannot declare");
            }
        }
    }

    /// The next connection, once the inbox knows all that was handled on earlier ones.
    async fn next_generation(&mut self, last: u64) -> Option<Generation> {
        let generation = self.link.newer_than(last).await?;
        if let Some(desk) = &mut self.desk {
            let number = generation.number;
            desk.drained.wait_for(|drained| *drained >= number).await.ok()?;
        }
        Some(generation)
    }

    /// Returns when no more messages are to be begun, and says why; `probe` is its own.
    async fn halted(&self, probe: Option<&Probe>) -> Stopped {
        let mut phase = self.phase.clone();
        tokio::select! {
            biased;
            () = phase.reached(Phase::Draining) => Stopped::Draining,
            () = self.attempts.switch.stopped(probe) => Stopped::Paused,
            () = self.closed() => Stopped::Paused,
        }
    }

    async fn work_on(
        &self,
        generation: &Generation,
        probe: Option<Probe>,
    ) -> Result<Stopped, (Leave, u64)> {
        match &self.manner {
            Manner::Single => self.serve(generation, probe).await,
            Manner::Batches(batching) => {
                Box::pin(self.serve_batches(generation, probe, *batching)).await
            }
            Manner::Keyed(keys) => Box::pin(self.serve_keys(generation, probe, keys)).await,
        }
    }
}
