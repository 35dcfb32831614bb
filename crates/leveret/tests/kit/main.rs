//! The test kit, tested: what it sees, how it moves time, where it cuts.

#![expect(
    clippy::unwrap_used,
    reason = "the lints know tests by their attribute, and not what stands beside them"
)]

mod batches;
mod control;
mod cuts;
mod orders;
mod seen;
mod shop;
mod time;
