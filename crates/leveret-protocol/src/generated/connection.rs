//! The methods of class connection.
//!
//! Generated from `methods.txt` by `cargo run -p xtask -- codegen`; not edited by hand.

use bytes::Bytes;

use crate::field::FieldTable;
use crate::secret::Secret;
use crate::short_str::ShortStr;

/// `connection.start`: Offers versions, mechanisms and locales.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Start {
    /// The protocol's major version.
    pub version_major: u8,
    /// The protocol's minor version.
    pub version_minor: u8,
    /// What the server says of itself.
    pub server_properties: FieldTable,
    /// The offered login mechanisms, separated by spaces.
    pub mechanisms: Bytes,
    /// The offered locales, separated by spaces.
    pub locales: Bytes,
}

/// `connection.start-ok`: Chooses a mechanism and answers it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StartOk {
    /// What the client says of itself.
    pub client_properties: FieldTable,
    /// The chosen login mechanism.
    pub mechanism: ShortStr,
    /// The mechanism's answer.
    pub response: Secret,
    /// The chosen locale.
    pub locale: ShortStr,
}

/// `connection.secure`: Asks for another round of the login mechanism.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Secure {
    /// What the mechanism asks.
    pub challenge: Bytes,
}

/// `connection.secure-ok`: Answers a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecureOk {
    /// The mechanism's answer.
    pub response: Secret,
}

/// `connection.tune`: Proposes limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tune {
    /// The most channels; 0 is no limit.
    pub channel_max: u16,
    /// The largest frame in bytes; 0 is no limit.
    pub frame_max: u32,
    /// The heartbeat interval in seconds; 0 is none.
    pub heartbeat: u16,
}

/// `connection.tune-ok`: Settles the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TuneOk {
    /// The most channels; 0 is no limit.
    pub channel_max: u16,
    /// The largest frame in bytes; 0 is no limit.
    pub frame_max: u32,
    /// The heartbeat interval in seconds; 0 is none.
    pub heartbeat: u16,
}

/// `connection.open`: Opens a virtual host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Open {
    /// The virtual host.
    pub virtual_host: ShortStr,
}

/// `connection.open-ok`: The virtual host is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenOk;

/// `connection.close`: Asks to close the connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Close {
    /// The reply code.
    pub reply_code: u16,
    /// What went wrong, for people.
    pub reply_text: ShortStr,
    /// The class of the method that failed, or 0.
    pub class_id: u16,
    /// The method that failed, or 0.
    pub method_id: u16,
}

/// `connection.close-ok`: The connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CloseOk;

/// `connection.blocked`: Publishing is stopped for a while.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blocked {
    /// Why.
    pub reason: ShortStr,
}

/// `connection.unblocked`: Publishing goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unblocked;

/// `connection.update-secret`: Replaces a credential that would expire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateSecret {
    /// The credential that replaces the old one.
    pub new_secret: Secret,
    /// Why.
    pub reason: ShortStr,
}

/// `connection.update-secret-ok`: The new credential is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpdateSecretOk;
