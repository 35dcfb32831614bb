//! How often somebody tried to log in.

use std::sync::atomic::{AtomicU64, Ordering};

/// Logins by what they came to.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    amqp: Outcomes,
    http: Outcomes,
}

/// Those of one protocol.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    succeeded: AtomicU64,
    failed: AtomicU64,
}

impl Attempts {
    pub(crate) const fn amqp(&self) -> &Outcomes {
        &self.amqp
    }

    pub(crate) const fn http(&self) -> &Outcomes {
        &self.http
    }
}

impl Outcomes {
    pub(crate) fn note(&self, is_right: bool) {
        let of = if is_right { &self.succeeded } else { &self.failed };
        of.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn succeeded(&self) -> u64 {
        self.succeeded.load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}
