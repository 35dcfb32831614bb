//! Messages that are published by the clock.

mod leader;
mod timing;

use leveret::FieldValue;

pub(crate) use leader::keep;
pub(crate) use timing::{Misfire, Timing};

/// A message and when it is due.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) name: String,
    pub(crate) timing: Timing,
    pub(crate) misfire: Misfire,
    pub(crate) exchange: String,
    pub(crate) key: String,
    pub(crate) body: String,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: Vec<(String, FieldValue)>,
}
