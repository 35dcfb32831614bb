//! The broker beside its virtual hosts, at two looks.

use leveret_protocol::Timestamp;

use super::{Change, Span};
use crate::presence::Turnover;

/// What one look sees of the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MachineLook {
    pub(crate) turnover: Turnover,
    /// Bytes.
    pub(crate) memory_used: u64,
    /// Bytes.
    pub(crate) disk_free: u64,
    pub(crate) descriptors: u64,
    pub(crate) sockets: u64,
}

/// The last two looks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MachineSamples {
    pub(crate) span: Option<Span>,
    pub(crate) looks: Change<MachineLook>,
    looked_at: Timestamp,
}

impl MachineSamples {
    /// Whether there was no look yet.
    pub(super) fn is_empty(self) -> bool {
        self.looked_at == Timestamp::default()
    }

    pub(super) fn followed_by(self, look: MachineLook, at: Timestamp) -> Self {
        let is_first = self.is_empty();
        Self {
            span: (!is_first).then_some(Span { before: self.looked_at, last: at }),
            looks: Change::next((!is_first).then_some(&self.looks), look, is_first),
            looked_at: at,
        }
    }
}
