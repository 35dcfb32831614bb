//! What each side brings to the handshake.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::{field::FieldTable, secret::Secret, short_str::ShortStr};

/// What a client says of itself, and where it wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// Ways to log in, the best first; the first that the server offers is taken.
    pub logins: Vec<ClientLogin>,
    /// Product, version, and a table `capabilities`.
    pub client_properties: FieldTable,
    /// The locale of reply texts.
    pub locale: ShortStr,
    /// The virtual host to open.
    pub virtual_host: ShortStr,
}

/// A way to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientLogin {
    /// The login mechanism: PLAIN, AMQPLAIN, EXTERNAL.
    pub mechanism: ShortStr,
    /// The mechanism's first answer.
    pub response: Secret,
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// The login mechanisms, separated by spaces.
    pub mechanisms: Bytes,
    /// The locales, separated by spaces.
    pub locales: Bytes,
    /// Product, version, and a table `capabilities`.
    pub server_properties: FieldTable,
}
