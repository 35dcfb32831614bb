//! The attribute macros of leveret.
