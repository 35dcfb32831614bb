//! The client against a peer that does what a test tells it to.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "tests stop at a surprise"
)]

mod blocking;
mod callbacks;
mod calls;
mod channels;
mod confirms;
mod connections;
mod consumers;
mod deadlines;
mod defects;
mod faults;
mod healed_calls;
mod liveness;
mod logins;
mod peer;
mod pools;
mod producers;
mod rpc_server;
mod server;
#[cfg(feature = "tls")]
mod tls;
mod transactions;
