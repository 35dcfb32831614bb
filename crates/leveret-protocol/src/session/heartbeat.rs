//! Heartbeats: when to send one, and when the peer counts as dead.

use core::time::Duration;

use crate::timestamp::Timestamp;

/// The pulse of one connection.
#[derive(Debug)]
pub(super) struct Heartbeat {
    /// Zero without heartbeats.
    interval: Duration,
    received_at: Timestamp,
    written_at: Timestamp,
}

/// What time has brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    Send,
    PeerIsDead,
}

impl Heartbeat {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self { interval: Duration::ZERO, received_at: now, written_at: now }
    }

    /// Begins to beat; no seconds are no heartbeats.
    pub(super) fn start(&mut self, now: Timestamp, secs: u16) {
        self.interval = Duration::from_secs(secs.into());
        self.received_at = now;
        self.written_at = now;
    }

    pub(super) const fn note_received(&mut self, now: Timestamp) {
        self.received_at = now;
    }

    pub(super) const fn note_written(&mut self, now: Timestamp) {
        self.written_at = now;
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        (!self.interval.is_zero()).then(|| self.send_at().min(self.dead_at()))
    }

    pub(super) fn handle_timeout(&mut self, now: Timestamp) -> Beat {
        if self.interval.is_zero() {
            return Beat::Nothing;
        }
        // AMQP 0-9-1, 4.2.7: a peer silent for two intervals or longer is gone.
        if now >= self.dead_at() {
            return Beat::PeerIsDead;
        }
        if now < self.send_at() {
            return Beat::Nothing;
        }
        self.written_at = now;
        Beat::Send
    }

    fn send_at(&self) -> Timestamp {
        self.written_at.saturating_add(self.interval / 2)
    }

    fn dead_at(&self) -> Timestamp {
        self.received_at.saturating_add(self.interval * 2)
    }
}
