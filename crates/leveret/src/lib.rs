//! Message handlers as plain async functions.
