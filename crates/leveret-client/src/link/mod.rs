//! A connection underneath: what goes out, and when to stop taking in.

mod gate;
mod outbox;
pub(crate) mod writer;

pub(crate) use self::{
    gate::{Gate, Level, Waiting},
    outbox::{Flush, Outbox},
};
