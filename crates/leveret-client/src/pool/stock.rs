//! What a pool has: connections, idle channels, permits to check one out.
//!
//! Keeps true: there are as many permits as places for channels, and a permit is freed only
//! after its channel lies idle or its place is free.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
    time::{Instant, timeout_at},
};

use crate::{
    channel::Channel,
    lock::Lock,
    pool::{
        error::CheckoutError,
        options::PoolOptions,
        slot::{Place, Refusal, Slot},
        tally::{PoolCounters, Present, Tally, count},
    },
};

/// All that a pool's handles share.
#[derive(Debug)]
pub(super) struct Stock {
    pub(super) name: Arc<str>,
    pub(super) options: Arc<PoolOptions>,
    pub(super) tally: Arc<Tally>,
    slots: Vec<Arc<Slot>>,
    permits: Arc<Semaphore>,
    // Guards put channels back as they drop, where nothing can be awaited.
    idle: Lock<Vec<Idle>>,
    /// Whose turn it is to be published on.
    turn: AtomicUsize,
}

/// A channel that waits for the next check-out.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) channel: Channel,
    pub(super) place: Place,
}

impl Stock {
    pub(super) fn new(name: &str, options: PoolOptions) -> Self {
        let (options, tally) = (Arc::new(options), Arc::<Tally>::default());
        let slot = |_| Arc::new(Slot::new(Arc::clone(&options), Arc::clone(&tally)));
        Self {
            name: name.into(),
            slots: (0..options.size.max(1)).map(slot).collect(),
            permits: Arc::new(Semaphore::new(options.channels_max())),
            options,
            tally,
            idle: Lock::default(),
            turn: AtomicUsize::new(0),
        }
    }

    /// When a check-out that begins now gives up.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.options.checkout_timeout
    }

    pub(super) fn check_open(&self) -> Result<(), CheckoutError> {
        if self.permits.is_closed() { Err(self.closed()) } else { Ok(()) }
    }

    /// The channel to publish on, in turn.
    pub(super) async fn shared(&self) -> Result<Channel, CheckoutError> {
        self.check_open()?;
        let slot = self.next_slot()?;
        if let Some(channel) = slot.live_shared() {
            return Ok(channel);
        }
        let channel = match timeout_at(self.deadline(), slot.shared()).await {
            Ok(channel) => channel.map_err(|refusal| self.refused(refusal))?,
            Err(_elapsed) => return Err(self.down(slot)),
        };
        self.keep_if_open(slot, channel)
    }

    fn next_slot(&self) -> Result<&Arc<Slot>, CheckoutError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.slots.len().max(1);
        let mut slots = self.slots.iter().cycle().skip(turn).take(self.slots.len());
        let first = slots.next().ok_or_else(|| self.closed())?;
        if first.is_troubled() {
            return Ok(slots.find(|slot| slot.is_live()).unwrap_or(first));
        }
        Ok(first)
    }

    /// Leave to have one more exclusive channel.
    pub(super) async fn permit(
        &self,
        deadline: Instant,
    ) -> Result<OwnedSemaphorePermit, CheckoutError> {
        match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => return Ok(permit),
            Err(TryAcquireError::Closed) => return Err(self.closed()),
            Err(TryAcquireError::NoPermits) => {}
        }
        count(&self.tally.waited);
        let _waiting = Present::new(&self.tally.waiting);
        match timeout_at(deadline, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(permit) => permit.map_err(|_closed| self.closed()),
            Err(_elapsed) => {
                count(&self.tally.timed_out);
                Err(CheckoutError::TimedOut {
                    pool: Arc::clone(&self.name),
                    within: self.options.checkout_timeout,
                    in_use: self.in_use(),
                    size: self.options.channels_max(),
                })
            }
        }
    }

    /// An idle channel that lives.
    pub(super) fn idle(&self) -> Option<Idle> {
        loop {
            let idle = self.idle.lock().pop()?;
            if idle.channel.end().is_none() {
                return Some(idle);
            }
            count(&self.tally.replaced);
        }
    }

    /// A channel that nobody else has, where there is a place for it.
    pub(super) async fn fresh(&self, deadline: Instant) -> Result<Idle, CheckoutError> {
        let place = self.place()?;
        let channel = match timeout_at(deadline, place.slot().exclusive()).await {
            Ok(channel) => channel.map_err(|refusal| self.refused(refusal))?,
            Err(_elapsed) => return Err(self.down(place.slot())),
        };
        let channel = self.keep_if_open(place.slot(), channel)?;
        Ok(Idle { channel, place })
    }

    /// On the emptiest living connection; a further one is opened only when all are full.
    fn place(&self) -> Result<Place, CheckoutError> {
        let mut slots: Vec<&Arc<Slot>> = self.slots.iter().collect();
        slots.sort_by_cached_key(|slot| (!slot.is_live(), slot.is_troubled(), slot.places_taken()));
        // A permit is held for it, so there is one.
        slots.into_iter().find_map(Slot::place).ok_or_else(|| self.closed())
    }

    /// Takes a channel back that is as new.
    pub(super) fn put_back(&self, idle: Idle) {
        self.idle.lock().push(idle);
        if self.permits.is_closed() {
            self.idle.lock().clear();
        }
    }

    pub(super) fn counters(&self) -> PoolCounters {
        PoolCounters {
            connections: self.slots.iter().filter(|slot| slot.is_live()).count(),
            in_use: self.in_use(),
            idle: self.idle.lock().len(),
            ..self.tally.read()
        }
    }

    fn in_use(&self) -> usize {
        self.options.channels_max() - self.permits.available_permits()
    }

    /// Those that are connected, or one to connect.
    pub(super) fn to_probe(&self) -> Vec<&Arc<Slot>> {
        let live: Vec<_> = self.slots.iter().filter(|slot| slot.is_live()).collect();
        if live.is_empty() { self.slots.iter().take(1).collect() } else { live }
    }

    pub(super) async fn close(&self) {
        self.permits.close();
        self.idle.lock().clear();
        for slot in &self.slots {
            if let Some(connection) = slot.take() {
                connection.close().await;
            }
        }
    }

    /// What was opened while the pool was closed goes again.
    fn keep_if_open(&self, slot: &Slot, channel: Channel) -> Result<Channel, CheckoutError> {
        self.check_open().inspect_err(|_| drop(slot.take()))?;
        Ok(channel)
    }

    pub(super) fn refused(&self, refusal: Refusal) -> CheckoutError {
        let pool = Arc::clone(&self.name);
        match refusal {
            Refusal::Connect(source) => CheckoutError::Refused { pool, source },
            Refusal::Channel(source) => CheckoutError::Channel { pool, source },
        }
    }

    pub(super) fn down(&self, slot: &Slot) -> CheckoutError {
        count(&self.tally.timed_out);
        CheckoutError::Down {
            pool: Arc::clone(&self.name),
            within: self.options.checkout_timeout,
            last: slot.last_error(),
        }
    }

    fn closed(&self) -> CheckoutError {
        CheckoutError::Closed { pool: Arc::clone(&self.name) }
    }
}
