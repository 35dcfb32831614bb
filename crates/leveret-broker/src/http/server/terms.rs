//! What holds for every connection.

use std::time::Duration;

use super::limits::HttpLimits;

/// What holds for every connection.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) limits: HttpLimits,
    /// How long an answer under way may take when the broker stops.
    pub(crate) close_timeout: Duration,
}
