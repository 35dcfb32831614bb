//! AMQP broker semantics as a value: inputs in, effects out.
//!
//! One [`Engine`] is one virtual host. All that can happen to it is an [`Input`]; all that it
//! asks for is an [`Effect`]. It reads no clock, opens no file and knows no socket, so the
//! same inputs after the same seed give the same effects.

#![no_std]
extern crate alloc;

mod effects;
mod engine;
mod identity;
mod input;
mod options;
mod recovery;

pub use self::{
    effects::{Effect, Effects},
    engine::Engine,
    identity::{ConnectionId, Lsn},
    input::{Capabilities, Input},
    options::{EngineOptions, Limits},
    recovery::ReplayError,
};
