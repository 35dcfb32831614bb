//! How many calls are under way, and whether more may begin.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::rpc::error::{DrainTimeout, RpcError};

/// A place for each call.
#[derive(Debug)]
pub(super) struct Admission {
    places: Semaphore,
    calls_max: u16,
    in_flight: AtomicUsize,
    is_draining: AtomicBool,
}

/// A call's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    _permit: SemaphorePermit<'a>,
    in_flight: &'a AtomicUsize,
}

impl Admission {
    pub(super) fn new(calls_max: u16) -> Self {
        let calls_max = calls_max.max(1);
        let places = Semaphore::new(calls_max.into());
        let (in_flight, is_draining) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { places, calls_max, in_flight, is_draining }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Waits for a place.
    pub(super) async fn enter(&self) -> Result<Place<'_>, RpcError> {
        if self.is_draining.load(Ordering::SeqCst) {
            return Err(RpcError::Draining);
        }
        match self.places.acquire().await {
            Ok(permit) => {
                self.in_flight.fetch_add(1, Ordering::Relaxed);
                Ok(Place { _permit: permit, in_flight: &self.in_flight })
            }
            Err(_closed) => Err(RpcError::Draining),
        }
    }

    /// Lets nobody in any more, and waits until all are out.
    pub(super) async fn drain(&self, within: Duration) -> Result<(), DrainTimeout> {
        self.is_draining.store(true, Ordering::SeqCst);
        // Those who wait for a place already come before this.
        let all = timeout(within, self.places.acquire_many(self.calls_max.into())).await;
        if all.is_err() {
            return Err(DrainTimeout { in_flight: self.in_flight(), within });
        }
        // For those who asked in the same moment.
        self.places.close();
        Ok(())
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
