//! What an operator says of a handler: whether it pulls, how many workers do.
//!
//! One per handler, shared by its workers and kept over connections. A worker that may not pull
//! any more finishes what it has in hand and leaves its channel.

use std::ops::RangeInclusive;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::info;

/// A handler's gate.
#[derive(Debug)]
pub(crate) struct Gate {
    handler: String,
    bounds: RangeInclusive<usize>,
    said: watch::Sender<Said>,
}

#[derive(Debug)]
struct Said {
    halt: Option<Halt>,
    workers: usize,
}

/// An operator's pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Halt {
    pub(crate) reason: String,
    pub(crate) owner: String,
    /// In seconds since 1970.
    pub(crate) since_secs: u64,
    /// When it ends by itself.
    pub(crate) until: Option<Instant>,
}

impl Halt {
    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }
}

impl Gate {
    pub(crate) fn new(handler: &str, workers: usize, bounds: RangeInclusive<usize>) -> Self {
        let (said, _) = watch::channel(Said { halt: None, workers });
        Self { handler: handler.to_owned(), bounds, said }
    }

    /// Nobody pulls from now on; what was said before is forgotten.
    pub(crate) fn halt(&self, halt: Halt) {
        self.said.send_modify(|said| said.halt = Some(halt));
    }

    /// All may pull again; the pause that this ends, if there is one.
    pub(crate) fn release(&self) -> Option<Halt> {
        let mut ended = None;
        self.said.send_if_modified(|said| {
            ended = said.halt.take();
            ended.is_some()
        });
        ended.filter(|halt| !halt.is_over())
    }

    /// As many workers pull, of as many as there may be; how many it was before.
    pub(crate) fn set_workers(&self, workers: usize) -> usize {
        let mut before = workers;
        self.said.send_if_modified(|said| {
            before = std::mem::replace(&mut said.workers, workers);
            before != workers
        });
        before
    }

    pub(crate) fn bounds(&self) -> &RangeInclusive<usize> {
        &self.bounds
    }

    /// The pause there is now.
    pub(crate) fn halted(&self) -> Option<Halt> {
        self.said.borrow().halt.clone().filter(|halt| !halt.is_over())
    }

    pub(crate) fn is_halted(&self) -> bool {
        self.said.borrow().halt.as_ref().is_some_and(|halt| !halt.is_over())
    }

    /// How many messages are handled at a time.
    pub(crate) fn workers(&self) -> usize {
        self.said.borrow().workers
    }

    /// Waits until this worker, counted from zero, may pull.
    pub(crate) async fn open(&self, worker: usize) {
        let mut changes = self.said.subscribe();
        loop {
            let until = {
                let said = changes.borrow_and_update();
                match &said.halt {
                    None if worker < said.workers => return,
                    None => None,
                    Some(halt) => halt.until,
                }
            };
            let Some(until) = until else {
                changes.changed().await.unwrap_or_default();
                continue;
            };
            tokio::select! {
                biased;
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(until) => self.expire(),
            }
        }
    }

    /// Returns when this worker may not pull any more.
    pub(crate) async fn closed(&self, worker: usize) {
        let is_closed = |said: &Said| said.halt.is_some() || worker >= said.workers;
        self.said.subscribe().wait_for(is_closed).await.map(drop).unwrap_or_default();
    }

    /// Returns when the number of workers is another than this.
    pub(crate) async fn resized(&self, workers: usize) {
        let is_another = |said: &Said| said.workers != workers;
        self.said.subscribe().wait_for(is_another).await.map(drop).unwrap_or_default();
    }

    fn expire(&self) {
        let is_ended = self.said.send_if_modified(|said| {
            let is_over = said.halt.as_ref().is_some_and(Halt::is_over);
            if is_over {
                said.halt = None;
            }
            is_over
        });
        if is_ended {
            info!(handler = %self.handler, "the operator's pause has ended by itself");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    fn halt(expiry: Option<Duration>) -> Halt {
        let until = expiry.map(|expiry| Instant::now() + expiry);
        Halt { reason: "moving".to_owned(), owner: "ann".to_owned(), since_secs: 7, until }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_by_itself_for_all_workers() {
        let gate = Arc::new(Gate::new("work", 2, 1..=2));
        gate.halt(halt(Some(Duration::from_mins(1))));
        gate.closed(0).await;
        let began_at = Instant::now();
        let other = gate.clone();
        let other = tokio::spawn(async move { other.open(1).await });
        gate.open(0).await;
        other.await.unwrap();
        assert!(began_at.elapsed() >= Duration::from_mins(1));
        assert_eq!((gate.halted(), gate.release()), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_without_an_end_is_ended_by_hand() {
        let gate = Arc::new(Gate::new("work", 1, 1..=1));
        gate.halt(halt(None));
        let worker = gate.clone();
        let worker = tokio::spawn(async move { worker.open(0).await });
        tokio::time::sleep(Duration::from_hours(1_000)).await;
        assert!(!worker.is_finished() && gate.is_halted());
        assert_eq!(gate.release(), Some(halt(None)));
        worker.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn workers_beyond_the_number_wait() {
        let gate = Arc::new(Gate::new("work", 2, 1..=4));
        assert_eq!(gate.set_workers(1), 2);
        gate.closed(1).await;
        gate.open(0).await;
        let beyond = gate.clone();
        let beyond = tokio::spawn(async move { beyond.open(3).await });
        tokio::task::yield_now().await;
        assert!(!beyond.is_finished());
        gate.set_workers(4);
        beyond.await.unwrap();
        gate.resized(1).await;
    }
}
