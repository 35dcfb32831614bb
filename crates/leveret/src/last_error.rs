//! The newest failure of a handler, for whoever looks.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::failure::{Classify as _, Failure};
use crate::lineage::now_secs;

/// The newest failure of a handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LastError {
    /// The error's name, as in dead letters.
    pub name: String,
    /// Its text.
    pub text: String,
    /// When, in seconds since 1970.
    pub at_secs: u64,
}

/// Where it is kept. A lock, as all workers write it; held for one exchange.
#[derive(Debug, Default)]
pub(crate) struct ErrorSlot(Mutex<Option<(Failure, u64)>>);

impl ErrorSlot {
    pub(crate) fn note(&self, failure: &Failure) {
        let newest = Some((failure.clone(), now_secs()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = newest;
    }

    pub(crate) fn read(&self) -> Option<LastError> {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (failure, at_secs) = newest?;
        Some(LastError { name: failure.name().to_owned(), text: failure.to_string(), at_secs })
    }
}
