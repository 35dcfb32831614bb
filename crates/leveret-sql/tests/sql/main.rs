//! Inbox and outbox on real databases: `SQLite` always, `PostgreSQL` if told.
//!
//! Each test is one body run on both; without `DATABASE_URL` the one on `PostgreSQL` says that it is skipped.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the lints know tests by their attribute, and not what stands beside them"
)]

mod effects;
mod kills;
mod lab;
mod outages;
#[path = "../../../leveret/tests/broker/proxy.rs"]
mod proxy;
mod relays;
mod start;
