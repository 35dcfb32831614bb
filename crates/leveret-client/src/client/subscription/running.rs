//! A consumer that runs, and where.

use std::sync::Arc;

use super::received::Life;
use crate::channel::Consumer;

/// A consumer that runs, and where.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) consumer: Consumer,
    pub(super) life: Arc<Life>,
}
