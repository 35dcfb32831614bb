//! The client against a peer that does what a test tells it to.

mod channels;
mod confirms;
mod connections;
mod consumers;
mod peer;
mod transactions;
