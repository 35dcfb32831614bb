//! The client that heals, mostly over a broker of a few lines in virtual time.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "tests stop at a surprise"
)]

mod connections;
mod endurance;
mod publishing;
mod restart;
mod subscriptions;
mod threads;
mod topology;
mod toy;
