//! Whole applications on a real broker: the embedded one, and `AMQP_URL`'s.
//!
//! Each test is one body run on both; without `AMQP_URL` the second says that it is skipped.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the lints know tests by their attribute, and not what stands beside them"
)]

mod alarms;
mod attributes;
mod bad;
mod batch;
mod blocking;
mod calls;
mod captures;
mod classes;
mod control;
mod delays;
mod delivery;
mod error_routes;
mod files;
mod inbox;
mod kill_switch;
mod layers;
mod lifecycle;
mod listeners;
mod logging;
mod metrics;
mod mounting;
mod observers;
mod orders;
mod outage;
mod outcomes;
mod partitions;
mod plan;
mod predecessors;
mod principals;
mod processes;
mod proxy;
mod rules;
mod serve;
mod setup;
mod traces;
mod translators;
