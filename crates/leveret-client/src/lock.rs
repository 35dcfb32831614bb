//! A mutex for short, panic-free sections.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Guards state that several tasks touch for a moment; never held across an await.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// The state; a panic of another holder leaves it as it was.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
