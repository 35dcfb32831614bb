//! The methods of class queue.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use crate::field::FieldTable;
use crate::short_str::ShortStr;

/// `queue.declare`: Creates a queue or checks that it is as described.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the method has these flags on the wire")]
pub struct Declare {
    /// The queue; empty asks the server for a name.
    pub queue: ShortStr,
    /// Whether only to check that it exists.
    pub passive: bool,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it is for this connection or consumer alone.
    pub exclusive: bool,
    /// Whether it goes when its last user goes.
    pub auto_delete: bool,
    /// Whether the reply is left out.
    pub no_wait: bool,
    /// Extension arguments.
    pub arguments: FieldTable,
}

/// `queue.declare-ok`: The queue exists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeclareOk {
    /// The queue's name.
    pub queue: ShortStr,
    /// How many messages are ready in the queue.
    pub message_count: u32,
    /// How many consumers the queue has.
    pub consumer_count: u32,
}

/// `queue.bind`: Binds a queue to an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bind {
    /// The queue; empty is the one last declared on this channel.
    pub queue: ShortStr,
    /// The exchange; empty is the default exchange.
    pub exchange: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
    /// Whether the reply is left out.
    pub no_wait: bool,
    /// Extension arguments.
    pub arguments: FieldTable,
}

/// `queue.bind-ok`: The binding exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BindOk;

/// `queue.purge`: Removes the ready messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purge {
    /// The queue; empty is the one last declared on this channel.
    pub queue: ShortStr,
    /// Whether the reply is left out.
    pub no_wait: bool,
}

/// `queue.purge-ok`: The ready messages are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PurgeOk {
    /// How many were removed.
    pub message_count: u32,
}

/// `queue.delete`: Deletes a queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delete {
    /// The queue; empty is the one last declared on this channel.
    pub queue: ShortStr,
    /// Whether to delete only what nobody uses.
    pub if_unused: bool,
    /// Whether to delete only a queue without messages.
    pub if_empty: bool,
    /// Whether the reply is left out.
    pub no_wait: bool,
}

/// `queue.delete-ok`: The queue is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeleteOk {
    /// How many messages went with it.
    pub message_count: u32,
}

/// `queue.unbind`: Removes a binding of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unbind {
    /// The queue; empty is the one last declared on this channel.
    pub queue: ShortStr,
    /// The exchange; empty is the default exchange.
    pub exchange: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
    /// Extension arguments.
    pub arguments: FieldTable,
}

/// `queue.unbind-ok`: The binding is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnbindOk;
