//! The methods of class exchange.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use crate::field::FieldTable;
use crate::short_str::ShortStr;

/// `exchange.declare`: Creates an exchange or checks that it is as described.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the method has these flags on the wire")]
pub struct Declare {
    /// The exchange; empty is the default exchange.
    pub exchange: ShortStr,
    /// The exchange's type: direct, fanout, topic, headers or an extension.
    pub kind: ShortStr,
    /// Whether only to check that it exists.
    pub passive: bool,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes when its last user goes.
    pub auto_delete: bool,
    /// Whether clients may not publish to it.
    pub internal: bool,
    /// Whether the reply is left out.
    pub no_wait: bool,
    /// Extension arguments.
    pub arguments: FieldTable,
}

/// `exchange.declare-ok`: The exchange exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeclareOk;

/// `exchange.delete`: Deletes an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delete {
    /// The exchange; empty is the default exchange.
    pub exchange: ShortStr,
    /// Whether to delete only what nobody uses.
    pub if_unused: bool,
    /// Whether the reply is left out.
    pub no_wait: bool,
}

/// `exchange.delete-ok`: The exchange is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeleteOk;

/// `exchange.bind`: Binds an exchange to an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bind {
    /// The exchange that receives.
    pub destination: ShortStr,
    /// The exchange that gives.
    pub source: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
    /// Whether the reply is left out.
    pub no_wait: bool,
    /// Extension arguments.
    pub arguments: FieldTable,
}

/// `exchange.bind-ok`: The binding exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BindOk;

/// `exchange.unbind`: Removes a binding between exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unbind {
    /// The exchange that receives.
    pub destination: ShortStr,
    /// The exchange that gives.
    pub source: ShortStr,
    /// The routing key.
    pub routing_key: ShortStr,
    /// Whether the reply is left out.
    pub no_wait: bool,
    /// Extension arguments.
    pub arguments: FieldTable,
}

/// `exchange.unbind-ok`: The binding is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnbindOk;
