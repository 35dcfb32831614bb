//! The client against the broker at `AMQP_URL`, if that is set.
//!
//! Every test has its own names and takes away what it made, so the suite runs against any
//! broker, beside others, and again.
#![expect(clippy::unwrap_used, reason = "tests stop at a surprise")]

mod access;
mod calls;
mod consuming;
mod errors;
mod proxy;
mod publishing;
mod recovery;
mod requests;
mod table;
mod topology;
mod transactions;
mod world;
