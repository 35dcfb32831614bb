//! One virtual host: its engine in a task of its own, and the ways in and out.
//!
//! The task drains what waits, hands it to the engine, and routes the effects: records to the log,
//! the rest to the connections, once a turn. It waits for the log only when that is far behind, and
//! never for a connection. A panic in it ends the process: the state is on disk, memory is not trusted.

mod guard;
mod ingress;
mod outbound;
mod task;
mod watches;

pub(crate) use ingress::{Ingress, Inlet, Room, Vitals};
pub(crate) use outbound::{OutboundReceiver, OutboundSender};
pub(crate) use task::HostTask;
