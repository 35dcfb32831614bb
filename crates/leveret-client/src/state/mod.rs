//! What the handles of a channel and the reader share.

mod call_id;
mod calls;
mod channel;
mod confirms;
mod deliveries;
mod recipient;
mod replies;
mod residue;
mod room;

pub(crate) use self::{
    calls::{Call, CallOutcome, Calls, ReplyTally},
    channel::{ChannelCore, Watch, Wiring},
    confirms::Verdict,
    deliveries::ConsumerQueue,
    recipient::Recipient,
    replies::{Aftermath, Reply, Request},
    room::Bounds,
};
