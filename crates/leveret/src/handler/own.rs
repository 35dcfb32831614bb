//! What a handler says itself, so that no group says otherwise.

/// Whether it says these itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) concurrency: bool,
    pub(crate) retry: bool,
}
