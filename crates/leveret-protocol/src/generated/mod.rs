//! The methods of AMQP 0-9-1.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

pub mod access;
pub mod basic;
pub mod channel;
mod codec;
pub mod confirm;
pub mod connection;
mod conversions;
pub mod exchange;
pub(crate) mod method_enum;
pub mod queue;
pub mod tx;
