//! An append-only log that survives crashes.
