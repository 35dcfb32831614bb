//! The methods of class access.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use crate::short_str::ShortStr;

/// `access.request`: Asks for an access ticket, as clients older than 0-9-1 do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the method has these flags on the wire")]
pub struct Request {
    /// The name of the realm.
    pub realm: ShortStr,
    /// Whether it is for this connection or consumer alone.
    pub exclusive: bool,
    /// Whether only to check that it exists.
    pub passive: bool,
    /// Whether to administer.
    pub active: bool,
    /// Whether to write.
    pub write: bool,
    /// Whether to read.
    pub read: bool,
}

/// `access.request-ok`: Grants the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestOk {
    /// The access ticket, which later methods ignore.
    pub ticket: u16,
}
