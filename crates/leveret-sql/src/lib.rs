//! Database transactions for Leveret: what a handler writes and publishes, once.
//!
//! - [`Tx`] is a transaction as a handler's argument. In it are the handler's own writes, the id
//!   of the message (the *inbox*) and all that the handler publishes (the *outbox*): they become
//!   lasting together, then the message is acknowledged. A message that comes again has no effect.
//! - [`Outbox`] publishes within a transaction from anywhere else, a web request for example.
//! - [`Relay`] takes what is in the outbox to the broker, in order where an order is asked for.
//! - [`Store`] is the database; [`Store::migrate`] makes the tables.
//!
//! The databases are those of sqlx: `PostgreSQL` and `SQLite`.
#![expect(
    unnameable_types,
    reason = "the trait behind `Dialect` speaks of types that are nobody else's"
)]

mod dialect;
mod error;
mod outbox;
mod relay;
mod row;
mod site;
mod store;
mod tables;
mod tx;

pub use dialect::Dialect;
pub use error::{OutboxError, SqlError};
pub use outbox::Outbox;
pub use relay::{Relay, RelayCounters};
pub use row::{ORDERING_KEY, Parked};
pub use store::Store;
pub use tables::InvalidPrefix;
pub use tx::Tx;

/// Runs the examples of the guide to databases.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/databases.md")]
struct Databases;
