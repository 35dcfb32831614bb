//! What the handles of a channel and the reader share.

mod channel;
mod confirms;
mod deliveries;
mod replies;
mod residue;
mod room;

pub(crate) use self::{
    channel::{ChannelCore, Watch, Wiring},
    confirms::Verdict,
    deliveries::ConsumerQueue,
    replies::{Aftermath, Reply, Request},
    room::Bounds,
};
