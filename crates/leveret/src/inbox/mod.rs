//! The inbox: a message-id has its effect once, though it may come twice.
//!
//! A handler opts in with [`Handler::inbox`](crate::Handler::inbox). From then on:
//!
//! 1. A handler's outputs, the acknowledgement, and a tiny persistent message with the handled id
//!    go to the broker as one unit. That message goes to the durable queue `<app>.inbox`, the
//!    ledger.
//! 2. A background task takes the ledger's messages in batches, writes them into a crash-safe
//!    file, and acknowledges them when they are on disk.
//! 3. When the application starts (and after each reconnect), the ledger is drained into the
//!    file before the handler gets its first message.
//! 4. A message whose id is in the file, or was handled and is still on its way there, is
//!    acknowledged without effects and counted as a duplicate.
//!
//! On a Leveret broker a transaction is atomic, so the outputs, the acknowledgement and the id
//! exist together or not at all, whenever the program is killed: each id has its effect exactly
//! once. On other brokers (confirmed mode) the outputs are confirmed first, then the id, then the
//! message is acknowledged: a crash before the id is confirmed repeats the outputs, with the same
//! message-ids as before; a crash after it does not. `RabbitMQ`'s transactions may keep
//! a part of a unit when the broker is killed: leave the mode at its default there.
//!
//! The file keeps the newest [`INBOX_IDS_MAX`] ids. A message without an id cannot be
//! recognised: it is handled each time. Ids of dead letters are not kept, so that they can be
//! sent again. One process has the file at a time, and the ledger belongs to the file: two
//! applications on one broker that must not know of each other's ids have different names.

mod ledger;
mod register;
mod store;

pub(crate) use ledger::{Ledger, ledger_entry, ledger_queue};
pub(crate) use register::{Arrival, Inbox, inbox_key};
pub use store::{INBOX_IDS_MAX, StoreError};
