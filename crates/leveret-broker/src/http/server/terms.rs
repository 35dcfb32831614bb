//! What holds for every connection.

use std::{sync::Arc, time::Duration};

use super::limits::HttpLimits;
use crate::tls::TlsKeeper;

/// What holds for every connection.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) limits: HttpLimits,
    /// How long an answer under way may take when the broker stops.
    pub(crate) close_timeout: Duration,
    /// Without it, plain HTTP is spoken.
    pub(crate) tls: Option<Arc<TlsKeeper>>,
}
