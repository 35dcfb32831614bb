//! What each side brings to the handshake.

use core::fmt;

use bytes::Bytes;

use crate::{field::FieldTable, short_str::ShortStr};

/// What a client says of itself, and where it wants to go.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// The login mechanism: PLAIN, AMQPLAIN, EXTERNAL.
    pub mechanism: ShortStr,
    /// The mechanism's first answer.
    pub response: Bytes,
    /// Product, version, and a table `capabilities`.
    pub client_properties: FieldTable,
    /// The locale of reply texts.
    pub locale: ShortStr,
    /// The virtual host to open.
    pub virtual_host: ShortStr,
}

impl fmt::Debug for ClientHello {
    /// Without the response, which has the password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHello")
            .field("mechanism", &self.mechanism)
            .field("client_properties", &self.client_properties)
            .field("locale", &self.locale)
            .field("virtual_host", &self.virtual_host)
            .finish_non_exhaustive()
    }
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
