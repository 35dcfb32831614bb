//! What anyone may know of a connection.

use std::sync::{Arc, atomic::AtomicU64};

use tokio::sync::watch;

use crate::{
    error::ConnectionEnd,
    link::{Blockade, Gate, Outbox},
    state::{Bounds, Wiring},
};

/// What handles and owner of a connection share.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) end: watch::Sender<Option<ConnectionEnd>>,
    pub(super) blockade: Arc<Blockade>,
    pub(super) bounds: Bounds,
    pub(super) outbox: Arc<Outbox>,
    pub(super) gate: Arc<Gate>,
    pub(super) strays: Arc<AtomicU64>,
}

impl Status {
    pub(super) fn new(frame_max: u32, bounds: Bounds) -> Self {
        Self {
            end: watch::Sender::new(None),
            blockade: Arc::default(),
            bounds,
            outbox: Arc::new(Outbox::new(frame_max)),
            gate: Arc::default(),
            strays: Arc::default(),
        }
    }

    /// What a channel needs of its connection.
    pub(super) fn wiring(&self) -> Wiring {
        Wiring {
            outbox: Arc::clone(&self.outbox),
            gate: Arc::clone(&self.gate),
            strays: Arc::clone(&self.strays),
            blockade: Arc::clone(&self.blockade),
            bounds: self.bounds,
        }
    }
}
