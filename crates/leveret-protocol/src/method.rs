//! What all methods have in common: a descriptor, and arguments to read and write.

use bytes::BytesMut;

use crate::{decode_error::DecodeError, reader::Reader};

/// Which side may send a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Only the client.
    Client,
    /// Only the server.
    Server,
    /// Both.
    Both,
}

/// What is known of a method before its arguments.
#[derive(Debug)]
pub(crate) struct Descriptor {
    pub(crate) class_id: u16,
    pub(crate) method_id: u16,
    pub(crate) name: &'static str,
    pub(crate) sender: Sender,
    pub(crate) has_content: bool,
}

/// The arguments of one method.
pub(crate) trait Arguments: Sized {
    const DESCRIPTOR: Descriptor;

    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError>;
    fn encode(&self, out: &mut BytesMut);
}
