//! A connection underneath: what goes out, and when to stop taking in.

mod blockade;
mod gate;
mod gathering;
mod outbox;
pub(crate) mod writer;

pub(crate) use self::{
    blockade::Blockade,
    gate::{Gate, Level, Waiting},
    outbox::{Flush, Outbox},
};
